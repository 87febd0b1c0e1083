import { NativeSelect, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { ConfirmModal } from "@/ui";

const words = strings.webhooks;
const HOUR = 3_600_000;
const CHOICES = Object.entries(words.since).map(([value, label]) => ({ value, label }));

/** Sends everything again that failed since a time. */
export function RecoverModal({ id, opened, onClose }: { id: string; opened: boolean; onClose: () => void }) {
  const [hours, setHours] = useState("24");
  const recover = useAction(
    (length: number) =>
      api.post("/v1/management/webhooks/{id}/recover", {
        params: { path: { id } },
        body: { since: new Date(Date.now() - length * HOUR).toISOString() },
      }),
    {
      invalidates: ["/v1/management/webhooks"],
      done: ({ recovered }) => words.recovered(recovered),
      onSuccess: onClose,
    },
  );
  return (
    <ConfirmModal
      opened={opened}
      onClose={onClose}
      title={words.recoverTitle}
      confirm={words.recoverConfirm}
      onConfirm={() => recover.mutate(Number(hours))}
      loading={recover.isPending}
      error={recover.error}
    >
      <Stack gap="md">
        <Text size="sm">{words.recoverText}</Text>
        <NativeSelect
          label={words.recoverSince}
          data={CHOICES}
          value={hours}
          onChange={(event) => setHours(event.currentTarget.value)}
          data-autofocus
        />
      </Stack>
    </ConfirmModal>
  );
}
