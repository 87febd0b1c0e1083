import { Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useAction, useList } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable } from "@/ui";
import { CreateKey } from "./CreateKey";
import { activeColumns, revokedColumns } from "./columns";
import { ACTIVE_HEADING, focusLater, menuId } from "./focus";
import { KeyDialogs } from "./KeyDialogs";
import { type Choice, KeyMenu } from "./KeyMenu";
import { LimitNote } from "./LimitNote";
import { KEYS, type Key, type Kind } from "./model";
import { type Shown, ShownSecret } from "./ShownSecret";

const words = strings.keys;

interface KeysPanelProps {
  kind: Kind;
  creating: boolean;
  stopCreating: () => void;
}

/** The keys of one kind: those that work, those that don't, and what can be done with them. */
export function KeysPanel({ kind, creating, stopCreating }: KeysPanelProps) {
  const active = useList(KEYS, { params: { query: { kind, status: "active", limit: 100 } } });
  const revoked = useList(KEYS, { params: { query: { kind, status: "revoked", limit: 20 } } });
  const [dialog, setDialog] = useState<{ choice: Choice; row: Key } | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const resume = useAction((id: string) => api.post("/api/api-keys/{id}/resume", { params: { path: { id } } }), {
    invalidates: [KEYS],
    done: words.suspend.resumed,
    notifyErrors: true,
  });
  const show = useAction((row: Key) => api.get("/api/api-keys/{id}/secret", { params: { path: { id: row.id } } }), {
    notifyErrors: true,
    onSuccess: ({ data }, row) =>
      setShown({ secret: data.key, row, title: words.secret.again(row.name), readsLeft: data.reads_left }),
  });
  const choose = (choice: Choice, row: Key) => {
    if (choice === "resume") resume.mutate(row.id);
    else setDialog({ choice, row });
  };
  const back = (row: Key) => focusLater(menuId(row.id), ACTIVE_HEADING);
  const close = () => {
    if (dialog) back(dialog.row);
    setDialog(null);
  };
  const gone = () => {
    setDialog(null);
    focusLater(ACTIVE_HEADING);
  };
  const present = (next: Shown) => {
    setDialog(null);
    setShown(next);
  };
  return (
    <Stack gap="xl">
      <Stack gap="sm" component="section" aria-labelledby={ACTIVE_HEADING}>
        <Title order={2} id={ACTIVE_HEADING} tabIndex={-1}>
          {words.active}
        </Title>
        <LimitNote kind={kind} keys={active.rows} />
        <DataTable
          list={active}
          columns={activeColumns(kind, (row) => show.mutate(row))}
          rowKey={(row) => row.id}
          caption={words.captionActive(kind)}
          empty={{ title: words.emptyActive(kind), description: words.emptyActiveText }}
          actions={(row) => <KeyMenu row={row} onChoose={(choice) => choose(choice, row)} />}
        />
      </Stack>
      <Stack gap="sm" component="section" aria-labelledby="revoked-keys">
        <div>
          <Title order={2} id="revoked-keys">
            {words.revoked}
          </Title>
          <Text size="sm" c="dimmed">
            {words.revokedText}
          </Text>
        </div>
        <DataTable
          list={revoked}
          columns={revokedColumns}
          rowKey={(row) => row.id}
          caption={words.captionRevoked(kind)}
          empty={{ title: words.emptyRevoked, description: words.emptyRevokedText }}
          actions={(row) => <KeyMenu row={row} onChoose={(choice) => choose(choice, row)} />}
        />
      </Stack>
      {creating ? <CreateKey kind={kind} onClose={stopCreating} onMade={present} /> : null}
      {dialog ? <KeyDialogs {...dialog} onClose={close} onGone={gone} onSecret={present} /> : null}
      <ShownSecret
        shown={shown}
        onClose={() => {
          if (shown) back(shown.row);
          setShown(null);
        }}
      />
    </Stack>
  );
}
