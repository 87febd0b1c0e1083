import { Anchor, Group, Text } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { useLimits } from "@/auth/hooks";
import { strings } from "@/strings";
import { SecretModal, useNow } from "@/ui";
import { clock, type Key, windowLeft } from "./model";

const words = strings.keys.secret;

export interface Shown {
  secret: string;
  row: Key;
  title: string;
  /** What else there is to know, as how long the old key goes on. */
  note?: string;
  /** How often it can be shown after this, where that is known. */
  readsLeft?: number;
}

interface ShownSecretProps {
  shown: Shown | null;
  onClose: () => void;
  /** The key can't be shown again from now on. */
  onOver: (row: Key) => void;
}

/** Shows a key's text with the time that is left to show it again. */
export function ShownSecret({ shown, onClose, onOver }: ShownSecretProps) {
  return (
    <SecretModal secret={shown?.secret ?? null} title={shown?.title ?? ""} onClose={onClose}>
      {shown ? <Window key={shown.secret} shown={shown} onOver={onOver} /> : null}
    </SecretModal>
  );
}

function Window({ shown: { row, note, readsLeft }, onOver }: { shown: Shown; onOver: (row: Key) => void }) {
  const left = windowLeft(row, useLimits().reveal_window_seconds, useNow(1000));
  const [over, setOver] = useState(false);
  const end = useAction(() => api.delete("/api/api-keys/{id}/secret", { params: { path: { id: row.id } } }), {
    done: words.ended,
    notifyErrors: true,
    onSuccess: () => {
      setOver(true);
      onOver(row);
    },
  });
  const open = left > 0 && !over && readsLeft !== 0;
  return (
    <>
      {note ? <Text size="sm">{note}</Text> : null}
      <Text size="sm" c="dimmed" className="tabular" tabIndex={-1} data-autofocus>
        {open ? words.window(clock(left)) : readsLeft === 0 ? words.noReads : words.over}{" "}
        {open && readsLeft !== undefined ? words.readsLeft(readsLeft) : null}
      </Text>
      {open ? (
        <Group>
          <Anchor component="button" type="button" size="sm" onClick={() => end.mutate()}>
            {words.end}
          </Anchor>
        </Group>
      ) : null}
    </>
  );
}
