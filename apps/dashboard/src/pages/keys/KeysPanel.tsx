import { Stack, Text, Title } from "@mantine/core";
import { Suspense } from "react";
import { useList } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable } from "@/ui";
import { activeColumns, revokedColumns } from "./columns";
import { ACTIVE_HEADING } from "./focus";
import { KeyMenu } from "./KeyMenu";
import { LimitNote } from "./LimitNote";
import { CreateKey } from "./later";
import { endOf, hasEnded, KEYS, type Kind } from "./model";
import { useKeyActions } from "./useKeyActions";

const words = strings.keys;

interface KeysPanelProps {
  kind: Kind;
  creating: boolean;
  stopCreating: () => void;
}

/** The keys of one kind: those that work, those that don't, and what can be done with them. */
export function KeysPanel({ kind, creating, stopCreating }: KeysPanelProps) {
  const active = useList(KEYS, { params: { query: { kind, status: "active", limit: 100 } } });
  // Expired keys are in the list of all keys alone.
  const all = useList(KEYS, { params: { query: { kind, status: "all", limit: 100 } } });
  const ended = { ...all, rows: all.rows.filter(hasEnded).sort((a, b) => endOf(b).localeCompare(endOf(a))) };
  const { choose, show, present, over, dialogs } = useKeyActions(ACTIVE_HEADING);
  return (
    <Stack gap="xl">
      <Stack gap="sm" component="section" aria-labelledby={ACTIVE_HEADING}>
        <Title order={2} id={ACTIVE_HEADING} tabIndex={-1}>
          {words.active}
        </Title>
        {active.isPending ? null : <LimitNote kind={kind} keys={active.rows} />}
        <DataTable
          list={active}
          columns={activeColumns(show, over)}
          rowKey={(row) => row.id}
          caption={words.captionActive(kind)}
          empty={{ title: words.emptyActive(kind), description: words.emptyActiveText }}
          actions={(row) => <KeyMenu row={row} place="active" onChoose={(choice) => choose(choice, row, "active")} />}
        />
      </Stack>
      {/* Not before the list above it has its height, or it would jump away from under the reader. */}
      {active.isPending ? null : (
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
            list={ended}
            columns={revokedColumns}
            rowKey={(row) => row.id}
            caption={words.captionRevoked(kind)}
            empty={{ title: words.emptyRevoked, description: words.emptyRevokedText }}
            actions={(row) => (
              <KeyMenu row={row} place="revoked" onChoose={(choice) => choose(choice, row, "revoked")} />
            )}
          />
        </Stack>
      )}
      <Suspense>{creating ? <CreateKey kind={kind} onClose={stopCreating} onMade={present} /> : null}</Suspense>
      {dialogs}
    </Stack>
  );
}
