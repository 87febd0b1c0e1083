import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";
import { EventPicker } from "./EventPicker";

const words = strings.webhooks;

interface EndpointModalProps {
  opened: boolean;
  onClose: () => void;
  /** The endpoint to change; without one a new one is made. */
  endpoint?: Schema<"WebhookView"> | undefined;
  etag?: string | null;
  onCreated?: (created: Schema<"WebhookCreated">) => void;
}

/** A dialog to make or change an endpoint. */
export function EndpointModal(props: EndpointModalProps) {
  const { opened, onClose, endpoint } = props;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={endpoint ? words.editTitle : words.add}
      size="lg"
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      <EndpointForm {...props} />
    </Modal>
  );
}

/** Inside the dialog, so that each opening begins with what is stored. */
function EndpointForm({ onClose, endpoint, etag, onCreated }: EndpointModalProps) {
  const form = useForm({
    initialValues: {
      url: endpoint?.url ?? "",
      description: endpoint?.description ?? "",
      events: endpoint?.events ?? ([] as string[]),
    },
    validate: { events: (events) => (events.length === 0 ? words.chooseEvents : null) },
  });
  const save = useAction(
    async ({ url, description, events }: typeof form.values) => {
      const body = { url: url.trim(), description: description.trim() || null, events };
      if (!endpoint) {
        onCreated?.(await api.post("/v1/management/webhooks", { body }));
        return;
      }
      const params = { path: { id: endpoint.id } };
      // An address that is not changed is not judged again.
      const { url: sent, ...rest } = body;
      const patch = sent === endpoint.url ? rest : body;
      await api.patch("/v1/management/webhooks/{id}", { params, body: patch }, { ifMatch: etag });
    },
    {
      invalidates: ["/v1/management/webhooks"],
      ...(endpoint ? { done: words.saved } : {}),
      onSuccess: onClose,
    },
  );
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="md">
        <TextInput
          label={words.url}
          description={words.urlHint}
          placeholder={words.urlPlaceholder}
          type="url"
          inputMode="url"
          required
          data-autofocus
          {...form.getInputProps("url")}
        />
        <Textarea
          label={`${words.note} (${strings.common.optional})`}
          description={words.noteHint}
          autosize
          minRows={1}
          maxRows={4}
          maxLength={200}
          {...form.getInputProps("description")}
        />
        <EventPicker
          value={form.values.events}
          onChange={(events) => form.setFieldValue("events", events)}
          error={form.errors.events ? String(form.errors.events) : undefined}
        />
        <FormErrors form={form} error={save.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {strings.common.cancel}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {endpoint ? strings.common.save : words.add}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
