import type { Schema } from "@/api/client";
import { strings } from "@/strings";

export type Bucket = Schema<"UsageBucket">;
export type Surface = keyof typeof strings.usage.surfaces;
export type Split = keyof typeof strings.usage.splits;

/** One band of a chart. */
export interface Series {
  name: string;
  label: string;
  color: string;
}

/** The values of all bands at one time. */
export interface Point {
  start: string;
  values: Record<string, number>;
}

export const OUTCOMES = ["accepted", "refused", "limited"] as const;
export const SURFACES: readonly Surface[] = ["resource", "verify", "management"];

const OUTCOME_COLORS = { accepted: "pine.6", refused: "red.6", limited: "yellow.6" };
const SURFACE_COLORS: Record<Surface, string> = { resource: "pine.6", verify: "blue.6", management: "grape.6" };
const KEY_COLORS = ["pine.6", "blue.6", "orange.6", "grape.6", "cyan.6", "pink.6"];

/** How many keys are drawn by name. */
export const NAMED_KEYS = KEY_COLORS.length;
/** The band of all keys that are not drawn by name. */
export const OTHERS = "others";

export const outcomeSeries: Series[] = OUTCOMES.map((name) => ({
  name,
  label: strings.usage.outcomes[name],
  color: OUTCOME_COLORS[name],
}));

export function surfaceSeries(surfaces: readonly Surface[]): Series[] {
  return surfaces.map((name) => ({ name, label: strings.usage.surfaces[name], color: SURFACE_COLORS[name] }));
}

/** Bands for keys. Two keys may have one name: then their last four characters tell them apart. */
export function keySeries(keys: readonly { id: string; name: string; last_four: string }[]): Series[] {
  const isTwice = (name: string) => keys.filter((key) => key.name === name).length > 1;
  return keys.map((key, index) => ({
    name: key.id,
    label: isTwice(key.name) ? `${key.name} (${key.last_four})` : key.name,
    color: KEY_COLORS[index % KEY_COLORS.length] ?? "gray.6",
  }));
}

export const otherSeries: Series = { name: OTHERS, label: strings.usage.otherKeys, color: "gray.5" };

/** The endpoint also writes CSV, so its answer's type is one of two; the page asks for JSON only. */
export function usageOf(answer: Schema<"UsageView"> | string | undefined): Schema<"UsageView"> | null {
  return answer && typeof answer !== "string" ? answer : null;
}

export const callsOf = ({ accepted, refused, limited }: Bucket): number => accepted + refused + limited;

/** One answer as bands by outcome. */
export function byOutcome(buckets: readonly Bucket[]): Point[] {
  return buckets.map(({ start, accepted, refused, limited }) => ({ start, values: { accepted, refused, limited } }));
}

/** Several answers over the same time as bands of all their calls. With `whole`, what they leave of it is a band of its own. */
export function merged(answers: Record<string, readonly Bucket[]>, whole: readonly Bucket[] | null): Point[] {
  const points = new Map<string, Point>();
  for (const [name, buckets] of Object.entries(answers)) {
    for (const bucket of buckets) {
      const point = points.get(bucket.start) ?? { start: bucket.start, values: {} };
      point.values[name] = callsOf(bucket);
      points.set(bucket.start, point);
    }
  }
  for (const bucket of whole ?? []) {
    const point = points.get(bucket.start) ?? { start: bucket.start, values: {} };
    const named = Object.values(point.values).reduce((sum, value) => sum + value, 0);
    point.values[OTHERS] = Math.max(0, callsOf(bucket) - named);
    points.set(bucket.start, point);
  }
  return [...points.values()].sort((a, b) => a.start.localeCompare(b.start));
}

export const totalOf = (point: Point): number => Object.values(point.values).reduce((sum, value) => sum + value, 0);

export function sumOf(points: readonly Point[], name: string): number {
  return points.reduce((sum, { values }) => sum + (values[name] ?? 0), 0);
}

/** The shown numbers as a table. What a spreadsheet would take for a formula begins with an apostrophe. */
export function csvOf(series: readonly Series[], points: readonly Point[]): string {
  const cell = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const head = ["start", ...series.map(({ label }) => cell(label))].join(",");
  const rows = points.map(({ start, values }) => [start, ...series.map(({ name }) => values[name] ?? 0)].join(","));
  return `${[head, ...rows].join("\r\n")}\r\n`;
}

export const number = new Intl.NumberFormat("en");
