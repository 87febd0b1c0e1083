import { Badge, Box, Code, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { strings } from "@/strings";
import { type Column, StatusBadge, Timestamp } from "@/ui";
import { endOf, type Key, masked } from "./model";
import { ShowAgain } from "./ShowAgain";

const words = strings.keys;

/** Kept on one line, however narrow the column would like to be. */
function Whole({ children }: { children: ReactNode }) {
  return <Box w="max-content">{children}</Box>;
}

export const name: Column<Key> = {
  key: "name",
  header: words.column.name,
  primary: true,
  cell: (row) => (
    <Group gap={6}>
      <Text size="sm" fw={550}>
        {row.name}
      </Text>
      {row.environment === "test" ? (
        <Badge variant="default" size="sm" tt="none" fw={500}>
          {words.environment.test}
        </Badge>
      ) : null}
    </Group>
  ),
};

function scopeWords({ scopes: held, kind }: Key): string {
  if (held.includes("*")) return words.everything;
  if (held.length === 1) return held[0] ?? "";
  return kind === "secret" ? words.scopeCount(held.length) : words.permissionCount(held.length);
}

export function KeyStatus({ row }: { row: Key }) {
  if (row.status === "active" && row.replaced_by)
    return (
      <Whole>
        <StatusBadge status="expiring" label={words.replacing} />
      </Whole>
    );
  return (
    <Whole>
      <StatusBadge status={row.status} />
    </Whole>
  );
}

const created: Column<Key> = {
  key: "created",
  header: words.column.created,
  cell: (row) => (
    <Whole>
      <Timestamp at={row.created_at} format="date" />
    </Whole>
  ),
};

export const used: Column<Key> = {
  key: "used",
  header: words.column.lastUsed,
  cell: (row) => <Timestamp at={row.last_used_at} />,
};

const scopedName: Column<Key> = {
  ...name,
  cell: (row) => (
    <div>
      {name.cell(row)}
      <Text size="xs" c="dimmed" fw={400} title={row.scopes.join(", ")}>
        {scopeWords(row)}
      </Text>
    </div>
  ),
};

export const activeColumns = (show: (row: Key) => void, over: ReadonlySet<string>): Column<Key>[] => [
  scopedName,
  {
    key: "key",
    header: words.column.key,
    cell: (row) => (
      <Stack gap={2} align="flex-start">
        <Code bg="transparent" p={0} fz="sm">
          {masked(row)}
        </Code>
        {over.has(row.id) ? null : <ShowAgain row={row} onClick={() => show(row)} />}
      </Stack>
    ),
  },
  { key: "status", header: words.column.status, cell: (row) => <KeyStatus row={row} /> },
  used,
  created,
  {
    key: "expires",
    header: words.column.expires,
    cell: (row) => (
      <Whole>
        <Timestamp at={row.expires_at} format="date" />
      </Whole>
    ),
  },
];

export const revokedColumns: Column<Key>[] = [
  name,
  {
    key: "key",
    header: words.column.key,
    cell: (row) => (
      <Code bg="transparent" p={0} fz="sm">
        {masked(row)}
      </Code>
    ),
  },
  { key: "status", header: words.column.status, cell: (row) => <KeyStatus row={row} /> },
  {
    key: "ended",
    header: words.column.ended,
    cell: (row) => (
      <Whole>
        <Timestamp at={endOf(row)} format="date" />
      </Whole>
    ),
  },
  {
    key: "reason",
    header: words.column.reason,
    cell: (row) => (
      <Text size="sm" c={row.revoked_reason ? "" : "dimmed"}>
        {reasonOf(row)}
      </Text>
    ),
  },
  used,
  created,
];

function reasonOf({ revoked_reason: reason, status }: Key): string {
  if (reason) return words.reasons[reason] ?? reason;
  return status === "expired" ? words.expired : words.noReason;
}
