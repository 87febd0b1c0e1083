import type { Schema } from "@/api/client";

const SOON = 14 * 86_400_000;

/** Keys that end within 14 days, the next first: the time at which the server begins to warn of it. */
export function expiringOf(keys: readonly Schema<"KeyView">[], now: number): Schema<"KeyView">[] {
  return keys
    .filter(({ expires_at }) => expires_at && new Date(expires_at).getTime() - now < SOON)
    .sort((a, b) => (a.expires_at ?? "").localeCompare(b.expires_at ?? ""));
}
