import "@mantine/charts/styles.css";
import { AreaChart, BarChart } from "@mantine/charts";
import { Skeleton, Text } from "@mantine/core";
import { useReducedMotion } from "@mantine/hooks";
import type { ReactNode } from "react";
import { strings } from "@/strings";
import { EmptyState, ErrorAlert } from "@/ui";
import { type Interval, longTime, type Range, shortTime } from "./range";
import { number, totalOf } from "./series";
import classes from "./usage.module.css";
import type { Usage } from "./useUsage";

const words = strings.usage;

interface UsageChartProps {
  usage: Usage;
  range: Range;
  interval: Interval;
  /** What is drawn, for screen readers. */
  title: string;
  height?: number;
}

/** Room for half of the uppermost number. */
const MARGIN = { top: 8 };
const compact = new Intl.NumberFormat("en", { notation: "compact" });

/** Calls over time: bars, or an area where bars would be too thin. Its numbers in words stand below it. */
export function UsageChart({ usage, range, interval, title, height = 280 }: UsageChartProps) {
  const isStill = useReducedMotion();
  const { series, points, error } = usage;
  if (error) return <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={usage.refetch} />;
  if (usage.isPending) return <Skeleton height={height} role="status" aria-label={strings.common.loading} />;
  const total = points.reduce((sum, point) => sum + totalOf(point), 0);
  if (total === 0) return <EmptyState title={words.empty} description={words.emptyText} />;
  const peak = points.reduce((most, point) => (totalOf(point) > totalOf(most) ? point : most));
  const data = points.map(({ start, values }) => ({ start, ...values }));
  const shared = {
    h: height,
    data,
    dataKey: "start",
    series,
    type: "stacked" as const,
    withLegend: true,
    // In the order of the bands, from the ground up.
    legendProps: { verticalAlign: "bottom" as const, itemSorter: null },
    // Asked for a label also where there is nothing to point at.
    tooltipProps: { labelFormatter: (start: ReactNode) => (start ? longTime(String(start), interval) : "") },
    valueFormatter: (value: number) => number.format(value),
    xAxisProps: {
      minTickGap: 28,
      tickFormatter: (start: string) => shortTime(start, range, interval),
    },
    yAxisProps: { width: 44, tickFormatter: (value: number) => compact.format(value), allowDecimals: false },
    gridAxis: "x" as const,
    classNames: { legend: classes.legend ?? "" },
  };
  const when = longTime(peak.start, interval);
  return (
    <figure className={classes.figure} aria-label={words.chartLabel(title, words.ranges[range])}>
      <div aria-hidden>
        {points.length > 100 ? (
          <AreaChart
            {...shared}
            areaChartProps={{ accessibilityLayer: false, margin: MARGIN }}
            withDots={false}
            curveType="monotone"
            areaProps={{ isAnimationActive: false }}
          />
        ) : (
          <BarChart
            {...shared}
            barChartProps={{ accessibilityLayer: false, margin: MARGIN }}
            barProps={{ isAnimationActive: !isStill, animationDuration: 200 }}
          />
        )}
      </div>
      <Text component="figcaption" size="xs" c="dimmed" mt="xs">
        {words.summary(number.format(total), number.format(totalOf(peak)), when)}{" "}
        {interval === "day" ? words.utcDays : words.localTimes}
      </Text>
    </figure>
  );
}
