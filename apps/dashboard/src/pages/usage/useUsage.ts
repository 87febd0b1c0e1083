import { useQueries } from "@tanstack/react-query";
import { api, type Schema } from "@/api/client";
import { type ApiError, asApiError } from "@/api/error";
import { useNow } from "@/ui";
import { bucketsOf, type Interval, type Range, steadyStartOf } from "./range";
import {
  byOutcome,
  keySeries,
  merged,
  NAMED_KEYS,
  otherSeries,
  outcomeSeries,
  type Point,
  type Series,
  type Split,
  SURFACES,
  type Surface,
  sumOf,
  surfaceSeries,
  usageOf,
} from "./series";

type Key = Schema<"KeyView">;

export interface Question {
  range: Range;
  interval: Interval;
  split: Split;
  surface: Surface | null;
  key: string | null;
}

export interface Usage {
  series: Series[];
  points: Point[];
  isPending: boolean;
  error: ApiError | null;
  refetch: () => void;
}

interface Part {
  name: string;
  surface: Surface | null;
  key: string | null;
}

/** The answers that a chart is made of. */
function partsOf({ split, surface, key }: Question, named: readonly Key[]): Part[] {
  if (split === "surface") {
    return (surface ? [surface] : SURFACES).map((each) => ({ name: each, surface: each, key }));
  }
  if (split === "outcome" || key) return [{ name: key ?? "all", surface, key }];
  return [...named.map(({ id }) => ({ name: id, surface, key: id })), { name: "all", surface, key: null }];
}

/** The keys that are drawn: the chosen one, or those that were used last. */
function namedKeys(keys: readonly Key[], key: string | null): Key[] {
  if (key) return keys.filter(({ id }) => id === key);
  return keys
    .filter(({ last_used_at }) => last_used_at)
    .sort((a, b) => (b.last_used_at ?? "").localeCompare(a.last_used_at ?? ""))
    .slice(0, NAMED_KEYS);
}

/** Loads what a chart shows, anew every minute. */
export function useUsage(question: Question, keys: readonly Key[], enabled = true): Usage {
  const { range, interval, split } = question;
  const from = steadyStartOf(range, interval, useNow(60_000));
  const named = split === "key" ? namedKeys(keys, question.key) : [];
  const parts = partsOf(question, named);
  const answers = useQueries({
    queries: parts.map(({ surface, key }) => {
      const query = { from, interval, ...(surface ? { surface } : {}), ...(key ? { key_id: key } : {}) };
      const init = { params: { query } };
      return {
        queryKey: ["/v1/management/usage", init],
        queryFn: ({ signal }: { signal: AbortSignal }) => api.load("/v1/management/usage", init, { signal }),
        refetchInterval: 60_000,
        enabled,
      };
    }),
  });
  const failed = answers.find(({ error }) => error);
  const cut = (index: number) => (usageOf(answers[index]?.data?.data)?.data ?? []).slice(-bucketsOf(range, interval));
  const isPending = answers.some((answer) => answer.isPending);
  return {
    ...(isPending ? { series: [], points: [] } : assemble(question, parts, named, cut)),
    isPending,
    error: failed ? asApiError(failed.error) : null,
    refetch: () => {
      for (const answer of answers) void answer.refetch();
    },
  };
}

function assemble(
  { split, key }: Question,
  parts: readonly Part[],
  named: readonly Key[],
  cut: (index: number) => Schema<"UsageBucket">[],
): Pick<Usage, "series" | "points"> {
  if (split === "outcome") return { series: outcomeSeries, points: byOutcome(cut(0)) };
  const isWhole = split === "key" && !key;
  const own = parts
    .map((part, index) => [part.name, cut(index)] as const)
    .filter(([name]) => !isWhole || name !== "all");
  const points = merged(Object.fromEntries(own), isWhole ? cut(parts.length - 1) : null);
  if (split === "surface") return { series: surfaceSeries(parts.map(({ name }) => name as Surface)), points };
  const series = isWhole ? [...keySeries(named), otherSeries] : keySeries(named);
  return { series: series.filter(({ name }) => name !== otherSeries.name || sumOf(points, name) > 0), points };
}
