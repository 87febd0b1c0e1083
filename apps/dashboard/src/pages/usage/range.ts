import type { strings } from "@/strings";

export type Range = keyof typeof strings.usage.ranges;
export type Interval = keyof typeof strings.usage.intervals;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const LENGTH: Record<Range, number> = { "1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY };
const STEP: Record<Interval, number> = { minute: MINUTE, hour: HOUR, day: DAY };

/** What a period can be counted by, the best first: neither one bar nor thousands. */
export const INTERVALS: Record<Range, Interval[]> = {
  "1h": ["minute"],
  "24h": ["hour", "minute"],
  "7d": ["hour", "day"],
  "30d": ["day", "hour"],
  "90d": ["day"],
};

/** How many buckets a period has, the running one among them. */
export function bucketsOf(range: Range, interval: Interval): number {
  return LENGTH[range] / STEP[interval];
}

/** The first moment of the first bucket. */
export function startOf(range: Range, interval: Interval, now: number): string {
  const running = Math.floor(now / STEP[interval]) * STEP[interval];
  return new Date(running - (bucketsOf(range, interval) - 1) * STEP[interval]).toISOString();
}

/** As `startOf`, but the same for an hour, so that asking again is the same question. What is too old is cut off the answer. */
export function steadyStartOf(range: Range, interval: Interval, now: number): string {
  return startOf(range, interval, Math.floor(now / HOUR) * HOUR);
}

const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayAndClock = new Intl.DateTimeFormat("en", {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", timeZone: "UTC" });

/** A bucket's start as an axis says it. Days are those of UTC, since the server counts them so. */
export function shortTime(start: string, range: Range, interval: Interval): string {
  const at = new Date(start);
  if (interval === "day") return day.format(at);
  return LENGTH[range] <= DAY ? clock.format(at) : dayAndClock.format(at);
}

/** A bucket's start with its day. */
export function longTime(start: string, interval: Interval): string {
  return (interval === "day" ? day : dayAndClock).format(new Date(start));
}
