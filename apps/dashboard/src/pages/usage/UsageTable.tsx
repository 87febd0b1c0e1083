import { strings } from "@/strings";
import { type Column, DataTable, ready } from "@/ui";
import { type Interval, longTime } from "./range";
import { number, type Point, totalOf } from "./series";
import type { Usage } from "./useUsage";

const words = strings.usage;

/** The numbers of a chart, the newest first; times without a call are left out. */
export function UsageTable({ usage, interval }: { usage: Usage; interval: Interval }) {
  const columns: Column<Point>[] = [
    { key: "time", header: words.time, cell: ({ start }) => <time dateTime={start}>{longTime(start, interval)}</time> },
    ...usage.series.map(
      ({ name, label }): Column<Point> => ({
        key: name,
        header: label,
        align: "right",
        cell: ({ values }) => number.format(values[name] ?? 0),
      }),
    ),
    { key: "total", header: words.total, align: "right", cell: (point) => number.format(totalOf(point)) },
  ];
  const rows = usage.points.filter((point) => totalOf(point) > 0).reverse();
  const list = { ...ready(rows), isPending: usage.isPending, error: usage.error, refetch: usage.refetch };
  return (
    <DataTable
      list={list}
      columns={columns}
      rowKey={({ start }) => start}
      caption={words.tableCaption}
      empty={{ title: words.empty, description: words.emptyText }}
    />
  );
}
