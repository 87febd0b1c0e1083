import { Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { FormErrors, words as inWords } from "@/ui";
import { asTrackerStatus, TRACKER_STATES } from "../shared/wire";

const words = strings.trackers;

interface Values extends Record<string, unknown> {
  status: string;
  description: string;
  location: string;
  timestamp: string;
}

const ALIASES = {
  "events[0].status": "status",
  "events[0].description": "description",
  "events[0].location": "location",
  "events[0].timestamp": "timestamp",
};

/** One event as a carrier would report it. */
export function InjectForm({ id, onDone }: { id: string; onDone: () => void }) {
  const form = useForm<Values>({
    mode: "uncontrolled",
    initialValues: { status: "in_transit", description: "", location: "", timestamp: "" },
  });
  const inject = useAction(
    ({ status, description, location, timestamp }: Values) =>
      api.post("/v1/trackers/{id}/inject-events", {
        params: { path: { id } },
        body: {
          status: asTrackerStatus(status),
          events: [
            {
              status: asTrackerStatus(status),
              ...(description.trim() ? { description: description.trim() } : {}),
              ...(location.trim() ? { location: location.trim() } : {}),
              ...(timestamp ? { timestamp: new Date(timestamp).toISOString() } : {}),
            },
          ],
        },
      }),
    { invalidates: ["/v1/trackers", "/v1/shipments"], done: words.injected, onSuccess: onDone },
  );
  return (
    <form onSubmit={form.onSubmit((values) => inject.mutate(values))}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {words.injectText}
        </Text>
        <Select
          label={words.eventStatus}
          data={TRACKER_STATES.map((value) => ({ value, label: inWords(value) }))}
          allowDeselect={false}
          data-autofocus
          key={form.key("status")}
          {...form.getInputProps("status")}
        />
        <TextInput
          label={words.eventText}
          placeholder={words.eventTextHint}
          key={form.key("description")}
          {...form.getInputProps("description")}
        />
        <TextInput
          label={words.eventPlace}
          placeholder={words.eventPlaceHint}
          key={form.key("location")}
          {...form.getInputProps("location")}
        />
        <TextInput
          type="datetime-local"
          label={words.eventTime}
          description={words.eventTimeHint}
          key={form.key("timestamp")}
          {...form.getInputProps("timestamp")}
        />
        <FormErrors form={form} error={inject.error} aliases={ALIASES} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>
            {strings.common.cancel}
          </Button>
          <Button type="submit" loading={inject.isPending}>
            {words.injectSubmit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
