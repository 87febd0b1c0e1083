import { Button, Checkbox, MultiSelect, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";
import { PROJECTS } from "../useProject";
import { eventGroups, unlisted } from "./events";

const words = strings.projects.hooks;
const LIST = "/management/v1/projects/{projectId}/webhooks";

interface HookFormProps {
  projectId: string;
  /** The webhook to change; a new one without. */
  hook: Schema<"HookView"> | null;
  onDone: () => void;
}

/** Makes or changes a webhook. */
export function HookForm({ projectId, hook, onDone }: HookFormProps) {
  const form = useForm({
    initialValues: { target_url: hook?.target_url ?? "", events: hook?.events ?? [], active: hook?.active ?? true },
  });
  const save = useAction(
    (body: typeof form.values) =>
      hook
        ? api.put(`${LIST}/{webhookId}`, { params: { path: { projectId, webhookId: hook.id } }, body })
        : api.post(LIST, { params: { path: { projectId } }, body }),
    { invalidates: [PROJECTS], done: strings.projects.saved, onSuccess: onDone },
  );
  const wrongEvents = Object.keys(save.error?.details ?? {}).filter((path) => path.startsWith("events["));
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="sm">
        <TextInput label={words.url} type="url" required data-autofocus {...form.getInputProps("target_url")} />
        <MultiSelect
          label={words.events}
          description={words.eventsHint}
          data={eventGroups(words, unlisted(hook?.events ?? []))}
          searchable
          clearable
          clearButtonProps={{ "aria-label": words.clearEvents }}
          nothingFoundMessage={words.noEvent}
          required
          {...form.getInputProps("events")}
        />
        <Checkbox label={words.activeField} {...form.getInputProps("active", { type: "checkbox" })} />
        <FormErrors
          form={form}
          error={save.error}
          aliases={Object.fromEntries(wrongEvents.map((path) => [path, "events"]))}
        />
        <Button type="submit" loading={save.isPending}>
          {strings.common.save}
        </Button>
      </Stack>
    </form>
  );
}
