import { Paper, Skeleton } from "@mantine/core";
import { strings } from "@/strings";
import { number, sumOf, totalOf } from "./series";
import classes from "./usage.module.css";
import type { Usage } from "./useUsage";

/** The sums over the shown time. */
export function Totals({ usage }: { usage: Usage }) {
  if (usage.error) return null;
  const total = usage.points.reduce((sum, point) => sum + totalOf(point), 0);
  const tiles = [
    { name: "total", label: strings.usage.total, value: total },
    ...usage.series.map(({ name, label }) => ({ name, label, value: sumOf(usage.points, name) })),
  ];
  return (
    <dl className={classes.tiles}>
      {tiles.map(({ name, label, value }) => (
        <Paper key={name} p="md" bg="var(--app-surface)" className={classes.tile ?? ""}>
          <dt className={classes.name}>{label}</dt>
          <dd>{usage.isPending ? <Skeleton height={22} width={60} mt={8} /> : number.format(value)}</dd>
        </Paper>
      ))}
    </dl>
  );
}
