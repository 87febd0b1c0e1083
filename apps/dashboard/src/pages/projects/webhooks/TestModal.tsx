import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { ErrorAlert } from "@/ui";
import { PROJECTS } from "../useProject";
import { eventGroups } from "./events";

type Hook = Schema<"HookView">;
const words = strings.projects.hooks;

interface TestModalProps {
  projectId: string;
  /** The webhook; the dialog is open while there is one. */
  hook: Hook | null;
  onClose: () => void;
  /** A sample is on its way. */
  onSent: (hook: Hook) => void;
}

/** Sends a sample of an event to a webhook. */
export function TestModal(props: TestModalProps) {
  const { hook, onClose } = props;
  return (
    <Modal
      opened={hook !== null}
      onClose={onClose}
      title={words.testTitle}
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      {hook ? <TestForm {...props} hook={hook} /> : null}
    </Modal>
  );
}

function TestForm({ projectId, hook, onClose, onSent }: TestModalProps & { hook: Hook }) {
  const [type, setType] = useState(hook.events[0] ?? null);
  const send = useAction(
    () => {
      const params = { path: { projectId, webhookId: hook.id } };
      return api.post("/management/v1/projects/{projectId}/webhooks/{webhookId}/test", { params, body: { type } });
    },
    {
      invalidates: [PROJECTS],
      done: words.testSent,
      onSuccess: () => {
        onClose();
        onSent(hook);
      },
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text size="sm">{words.testText(hook.target_url)}</Text>
        <Select
          label={words.testEvent}
          data={eventGroups(words, hook.events)}
          value={type}
          onChange={setType}
          allowDeselect={false}
          searchable
          nothingFoundMessage={words.noEvent}
          data-autofocus
        />
        <ErrorAlert error={send.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {strings.common.cancel}
          </Button>
          <Button type="submit" loading={send.isPending}>
            {words.test}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
