import { Alert, Code, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { ConfirmModal, Timestamp } from "@/ui";
import { Facts } from "./Facts";
import { KEYS, type Key, masked } from "./model";
import { WhereUsed } from "./WhereUsed";

const words = strings.keys.revoke;
const DAY = 86_400_000;

/** Revokes a key after saying which it is and where it was last used. */
export function RevokeKey({ row, onClose, onRevoked }: { row: Key; onClose: () => void; onRevoked: () => void }) {
  const [reason, setReason] = useState("");
  const [now] = useState(() => Date.now());
  const revoke = useAction(
    () =>
      api.delete("/api/api-keys/{id}", {
        params: { path: { id: row.id } },
        body: reason.trim() ? { reason: reason.trim() } : {},
      }),
    { invalidates: [KEYS], done: words.done(row.name), onSuccess: onRevoked },
  );
  const recent = row.last_used_at && now - new Date(row.last_used_at).getTime() < DAY;
  return (
    <ConfirmModal
      opened
      onClose={onClose}
      title={words.title(row.name)}
      confirm={words.submit}
      danger
      onConfirm={() => revoke.mutate()}
      loading={revoke.isPending}
      error={revoke.error}
    >
      <Stack gap="md">
        <Text size="sm">
          <strong>{row.name}</strong> (<Code>{masked(row)}</Code>) {words.stops}
        </Text>
        <Facts
          rows={[
            [words.lastUsed, row.last_used_at ? <Timestamp key="used" at={row.last_used_at} /> : words.unused],
            ...(row.last_used_at ? [[words.where, <WhereUsed key="where" row={row} />] as const] : []),
            [words.created, <Timestamp key="created" at={row.created_at} format="date" />],
          ]}
        />
        {recent ? (
          <Alert color="yellow" variant="light">
            {words.recent}
          </Alert>
        ) : null}
        <TextInput
          label={`${words.reason} (${strings.common.optional})`}
          description={words.reasonHint}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={200}
          autoComplete="off"
          data-autofocus
        />
      </Stack>
    </ConfirmModal>
  );
}
