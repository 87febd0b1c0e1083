import { strings } from "@/strings";

/** A quota with what of it is taken, as an organization shows it. */
export interface Quota {
  limit: number;
  used: number;
  period: "day" | "month";
  resets_at: string;
}

/** The quota of an organization; the API's description says no more than that it is an object. */
export function quotaOf(quota: Record<string, unknown> | null | undefined): Quota | null {
  return quota && typeof quota.limit === "number" ? (quota as unknown as Quota) : null;
}

/** `5,000 units a day`. */
export function quotaText(quota: Record<string, unknown> | null | undefined): string {
  const words = strings.organization;
  const found = quotaOf(quota);
  return found ? words.quotaOf(found.limit, words.periods[found.period] ?? found.period) : words.noQuota;
}
