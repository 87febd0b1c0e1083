import { Alert, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { ConfirmModal } from "@/ui";
import { KEYS, type Key } from "./model";
import type { Shown } from "./ShownSecret";

const words = strings.keys.rotate;
const time = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

interface RotateKeyProps {
  row: Key;
  onClose: () => void;
  onSecret: (shown: Shown) => void;
}

/** Gives a key a successor, and the old one some time to go on. */
export function RotateKey({ row, onClose, onSecret }: RotateKeyProps) {
  const [overlap, setOverlap] = useState("86400");
  const rotate = useAction(
    (seconds: number) =>
      api.post("/api/api-keys/{id}/rotate", {
        params: { path: { id: row.id } },
        body: { overlap_seconds: seconds },
      }),
    {
      invalidates: [KEYS],
      onSuccess: ({ data }, seconds) => {
        const until = time.format(Date.now() + seconds * 1000);
        const { oldUntil, oldStopped, rotated } = strings.keys.secret;
        // Only the answer to a repeated request can lack it, and none is repeated here.
        if (data.key === undefined) return;
        onSecret({
          secret: data.key,
          row: data,
          title: rotated(row.name),
          note: seconds > 0 ? oldUntil(until) : oldStopped,
        });
      },
    },
  );
  return (
    <ConfirmModal
      opened
      onClose={onClose}
      title={words.title(row.name)}
      confirm={words.submit}
      onConfirm={() => rotate.mutate(Number(overlap))}
      loading={rotate.isPending}
      error={rotate.error}
    >
      <Stack gap="md">
        <Text size="sm">{words.text}</Text>
        <Select
          label={words.overlap}
          data={Object.entries(words.overlaps).map(([value, label]) => ({ value, label }))}
          value={overlap}
          onChange={(value) => setOverlap(value ?? "0")}
          allowDeselect={false}
          data-autofocus
        />
        {overlap === "0" ? (
          <Alert color="yellow" variant="light">
            {words.warning}
          </Alert>
        ) : null}
      </Stack>
    </ConfirmModal>
  );
}
