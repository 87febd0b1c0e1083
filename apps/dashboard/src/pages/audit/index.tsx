import { Button, Text } from "@mantine/core";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useList } from "@/api/hooks";
import { strings } from "@/strings";
import { type Column, DataTable, Page, Timestamp } from "@/ui";
import { useActors } from "./actors";
import classes from "./audit.module.css";
import { EntryDrawer } from "./EntryDrawer";
import { FilterBar } from "./FilterBar";
import { isFiltered, queryOf, useFilters } from "./filters";
import { titleOf } from "./values";

type Entry = Schema<"AuditView">;

const words = strings.audit;

export default function Audit() {
  return (
    <Page title={words.title} description={words.description} permission="audit:read">
      <Log />
    </Page>
  );
}

/** The beginning of an id: the whole is in the details. */
function Target({ id }: { id: string }) {
  return (
    <span className={classes.mono} title={id}>
      {id.length > 16 ? `${id.slice(0, 16)}…` : id}
    </span>
  );
}

/** Below the page's guard, so that nothing is asked for without the permission. */
function Log() {
  const [filters, set, clear] = useFilters();
  const { nameOf } = useActors();
  const [chosen, setChosen] = useState<Entry | null>(null);
  const list = useList(
    "/v1/management/audit-log",
    { params: { query: { ...queryOf(filters), limit: 50 } } },
    { keepPrevious: true },
  );
  const columns: Column<Entry>[] = [
    {
      key: "action",
      header: words.action,
      cell: ({ action }) => (
        <div>
          <Text size="sm" fw={550} className={classes.whole ?? ""}>
            {words.actions[action] ?? action}
          </Text>
          <Text size="xs" c="dimmed" fw={400} className={classes.whole ?? ""}>
            {action}
          </Text>
        </div>
      ),
    },
    {
      key: "target",
      header: words.target,
      cell: (entry) => titleOf(entry) ?? <Target id={entry.target} />,
    },
    { key: "actor", header: words.actor, cell: ({ actor }) => nameOf(actor) },
    { key: "where", header: words.where, cell: ({ address }) => address ?? words.unknownAddress, wideOnly: true },
    { key: "when", header: words.when, cell: ({ created_at }) => <Timestamp at={created_at} />, width: 150 },
  ];
  return (
    <>
      <FilterBar filters={filters} set={set} clear={clear} />
      <DataTable
        list={list}
        columns={columns}
        rowKey={(row) => row.id}
        caption={words.caption}
        empty={
          isFiltered(filters) ? { title: words.noneSuch, description: words.noneSuchText } : { title: words.empty }
        }
        actions={(row) => (
          <Button
            size="xs"
            variant="default"
            onClick={() => setChosen(row)}
            aria-label={words.viewOf(words.actions[row.action] ?? row.action)}
          >
            {words.view}
          </Button>
        )}
      />
      <EntryDrawer entry={chosen} onClose={() => setChosen(null)} />
    </>
  );
}
