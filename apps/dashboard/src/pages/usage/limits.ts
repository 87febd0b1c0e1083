// Limits and quotas come as plain objects: a key's, or the organization's.

export interface RateLimit {
  requests: number;
  per_seconds: number;
}

export interface Quota {
  limit: number;
  period: "day" | "month";
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

export function quotaOf(value: unknown): Quota | null {
  if (!isRecord(value) || typeof value.limit !== "number") return null;
  return { limit: value.limit, period: value.period === "month" ? "month" : "day" };
}

export function rateLimitOf(value: unknown): RateLimit | null {
  if (!isRecord(value) || typeof value.requests !== "number" || typeof value.per_seconds !== "number") return null;
  return { requests: value.requests, per_seconds: value.per_seconds };
}

/** When the running period of a quota began: at midnight UTC. */
export function periodStart({ period }: Quota, now: number): string {
  const at = new Date(now);
  const day = period === "month" ? 1 : at.getUTCDate();
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), day)).toISOString();
}

/** Over how many whole minutes a limit is looked at, since calls are counted by the minute. */
export function minutesOf({ per_seconds }: RateLimit): number {
  return Math.max(1, Math.ceil(per_seconds / 60));
}

/** How many calls a limit lets through in that time. */
export function allowedIn(limit: RateLimit): number {
  return Math.round((limit.requests * minutesOf(limit) * 60) / limit.per_seconds);
}

/** The most calls in so many minutes in a row. */
export function busiest(counts: readonly number[], minutes: number): number {
  let sum = 0;
  let most = 0;
  for (const [index, count] of counts.entries()) {
    sum += count - (index >= minutes ? (counts[index - minutes] ?? 0) : 0);
    most = Math.max(most, sum);
  }
  return most;
}
