import { Paper, Skeleton, Text } from "@mantine/core";
import type { Schema } from "@/api/client";
import type { Rows } from "@/api/hooks";
import { strings } from "@/strings";
import { number, sumOf, totalOf } from "../usage/series";
import type { Usage } from "../usage/useUsage";
import { expiringOf } from "./expiring";
import classes from "./overview.module.css";

const words = strings.overview;
const share = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

interface FiguresProps {
  usage: Usage;
  /** `null` for roles that may not see keys. */
  keys: Rows<Schema<"KeyView">> | null;
  now: number;
}

/** The numbers at the top. */
export function Figures({ usage, keys, now }: FiguresProps) {
  const calls = usage.points.reduce((sum, point) => sum + totalOf(point), 0);
  const part = (name: string) =>
    calls > 0 ? words.ofCalls(share.format(sumOf(usage.points, name) / calls)) : words.noCalls;
  const active = keys?.rows.length ?? 0;
  const hasUsage = !usage.error;
  return (
    <dl className={classes.tiles}>
      {hasUsage ? (
        <>
          <Tile label={words.callsShort} value={number.format(calls)} isPending={usage.isPending} />
          <Tile
            label={words.refused}
            value={number.format(sumOf(usage.points, "refused"))}
            hint={part("refused")}
            isPending={usage.isPending}
          />
          <Tile
            label={words.limited}
            value={number.format(sumOf(usage.points, "limited"))}
            hint={part("limited")}
            isPending={usage.isPending}
          />
        </>
      ) : null}
      {keys && !keys.error ? (
        <Tile
          label={words.keys}
          value={keys.hasMore ? words.more : number.format(active)}
          hint={words.keysHint(expiringOf(keys.rows, now).length)}
          isPending={keys.isPending}
        />
      ) : null}
    </dl>
  );
}

function Tile({ label, value, hint, isPending }: { label: string; value: string; hint?: string; isPending: boolean }) {
  return (
    <Paper p="md" bg="var(--app-surface)" className={classes.tile ?? ""}>
      <dt>{label}</dt>
      <dd>
        {isPending ? <Skeleton height={24} width={70} mt={8} /> : <span className={classes.figure}>{value}</span>}
        {hint && !isPending ? (
          <Text size="xs" c="dimmed">
            {hint}
          </Text>
        ) : null}
      </dd>
    </Paper>
  );
}
