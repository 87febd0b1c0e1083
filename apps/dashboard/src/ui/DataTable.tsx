import { Button, Group, Paper, Skeleton, Stack, Text, VisuallyHidden } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { ReactNode } from "react";
import type { Rows } from "@/api/hooks";
import { strings } from "@/strings";
import classes from "./DataTable.module.css";
import { EmptyState } from "./EmptyState";
import { ErrorAlert } from "./ErrorAlert";

export interface Column<T> {
  key: string;
  header: string;
  cell: (row: T) => ReactNode;
  align?: "left" | "right";
  /** The title of a card on phones; the first column if none says so. */
  primary?: boolean;
  /** Left out of cards. */
  wideOnly?: boolean;
  width?: number | string;
}

interface DataTableProps<T> {
  /** What `useList` gave; for rows that are there already use `ready(rows)`. */
  list: Rows<T>;
  columns: Column<T>[];
  rowKey: (row: T) => string;
  /** What the table is, for screen readers. */
  caption: string;
  empty: { title: string; description?: ReactNode; action?: ReactNode };
  /** Buttons or a menu at the end of each row. */
  actions?: (row: T) => ReactNode;
}

/** Rows that need no loading, in the shape of a list. */
export function ready<T>(rows: T[]): Rows<T> {
  const nothing = () => undefined;
  return {
    rows,
    error: null,
    isPending: false,
    isFetching: false,
    hasMore: false,
    isLoadingMore: false,
    loadMore: nothing,
    refetch: nothing,
    count: rows.length,
  };
}

/** A table; on phones a list of cards. With its states: loading, empty, error, and more to load. */
export function DataTable<T>(props: DataTableProps<T>) {
  const { list, empty } = props;
  const isPhone = useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: false });
  if (list.error && list.rows.length === 0) {
    return <ErrorAlert error={list.error} title={strings.common.loadErrorTitle} retry={list.refetch} />;
  }
  if (list.isPending) return <Loading columns={isPhone ? 1 : props.columns.length} />;
  if (list.rows.length === 0) return <EmptyState {...empty} />;
  return (
    <Stack gap="sm">
      {isPhone ? <Cards {...props} /> : <Wide {...props} />}
      {list.error ? <ErrorAlert error={list.error} retry={list.loadMore} /> : null}
      {list.hasMore ? (
        <Group justify="center">
          <Button variant="default" onClick={list.loadMore} loading={list.isLoadingMore}>
            {strings.common.loadMore}
          </Button>
          {list.count === null ? null : (
            <Text size="xs" c="dimmed">
              {strings.common.shown(list.rows.length, list.count)}
            </Text>
          )}
        </Group>
      ) : null}
    </Stack>
  );
}

// Plain elements: with a component for each cell a long table takes twice the time.
function Wide<T>({ list, columns, rowKey, caption, actions }: DataTableProps<T>) {
  return (
    <Paper className={classes.frame} bg="var(--app-surface)">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard */}
      <section className={classes.scroll} tabIndex={0} aria-label={caption}>
        <table className={classes.table} style={{ minWidth: Math.min(columns.length * 110, 900) }}>
          <caption className={classes.caption}>{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.key} data-align={column.align} style={{ width: column.width ?? "auto" }} scope="col">
                  {column.header}
                </th>
              ))}
              {actions ? (
                <th className={classes.narrow}>
                  <VisuallyHidden>{strings.common.actions}</VisuallyHidden>
                </th>
              ) : null}
            </tr>
          </thead>
          <tbody>
            {list.rows.map((row) => (
              <tr key={rowKey(row)}>
                {columns.map((column) => (
                  <td key={column.key} data-align={column.align}>
                    {column.cell(row)}
                  </td>
                ))}
                {actions ? <td className={classes.actions}>{actions(row)}</td> : null}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Paper>
  );
}

function Cards<T>({ list, columns, rowKey, caption, actions }: DataTableProps<T>) {
  const primary = columns.find((column) => column.primary) ?? columns[0];
  const rest = columns.filter((column) => column !== primary && !column.wideOnly);
  return (
    <ul className={classes.cards} aria-label={caption}>
      {list.rows.map((row) => (
        <li key={rowKey(row)}>
          <Paper p="md" bg="var(--app-surface)">
            <div className={classes.head}>
              <div className={classes.title}>{primary?.cell(row)}</div>
              <div className={classes.buttons}>{actions?.(row)}</div>
            </div>
            <dl className={classes.facts}>
              {rest.map((column) => (
                <div key={column.key} className={classes.fact}>
                  <dt>{column.header}</dt>
                  <dd>{column.cell(row)}</dd>
                </div>
              ))}
            </dl>
          </Paper>
        </li>
      ))}
    </ul>
  );
}

function Loading({ columns }: { columns: number }) {
  return (
    <Paper p="md" bg="var(--app-surface)" role="status" aria-label={strings.common.loading}>
      <Stack gap="md">
        {["a", "b", "c", "d"].map((row) => (
          <Group key={row} grow wrap="nowrap" gap="xl">
            {Array.from({ length: Math.max(1, columns) }, (_, index) => `${row}${index}`).map((cell) => (
              <Skeleton key={cell} height={14} radius="sm" />
            ))}
          </Group>
        ))}
      </Stack>
    </Paper>
  );
}
