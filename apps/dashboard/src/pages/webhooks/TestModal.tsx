import { Button, Group, Modal, NativeSelect, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { ErrorAlert } from "@/ui";
import { EVENTS, typesOf } from "./events";

const words = strings.webhooks;

interface TestModalProps {
  opened: boolean;
  onClose: () => void;
  endpoint: Schema<"WebhookView">;
}

/** Sends a sample event to one endpoint. */
export function TestModal({ opened, onClose, endpoint }: TestModalProps) {
  const wanted = typesOf(endpoint.events);
  const [type, setType] = useState(wanted[0] ?? "");
  const send = useAction(
    (chosen: string) =>
      api.post("/v1/management/webhooks/{id}/test", {
        params: { path: { id: endpoint.id } },
        body: chosen ? { type: chosen } : {},
      }),
    { invalidates: ["/v1/management/webhooks"], done: words.testSent, onSuccess: onClose },
  );
  const groups = EVENTS.map(([family, types]) => ({
    group: words.groups[family] ?? family,
    items: types.filter((each) => wanted.includes(each)),
  })).filter(({ items }) => items.length > 0);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={words.testTitle}
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate(type);
        }}
      >
        <Stack gap="md">
          <Text size="sm">{words.testText}</Text>
          <NativeSelect
            label={words.testType}
            data={groups}
            value={type}
            onChange={(event) => setType(event.currentTarget.value)}
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
    </Modal>
  );
}
