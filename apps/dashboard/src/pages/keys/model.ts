import type { Schema } from "@/api/client";

export type Key = Schema<"KeyView">;
export type MadeKey = Schema<"KeyCreated">;
export type Kind = "secret" | "management";

/** Where keys are, in sessions. What changes there makes the lists of the other surface old as well. */
export const KEYS = "/api/api-keys";

/** `mg_sk_prod_****Rb2u`. */
export function masked(key: Key): string {
  return `${key.key_prefix}${key.last_four}`;
}

/** Milliseconds until a key can no longer be shown again, where that is so for `seconds` after its making. The server decides in the end. */
export function windowLeft(key: Key, seconds: number, now: number): number {
  if (key.status !== "active" || key.replaced_by) return 0;
  return Math.max(0, new Date(key.created_at).getTime() + seconds * 1000 - now);
}

/** `14:05`. */
export function clock(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Whether a key has stopped working for ever. */
export const hasEnded = ({ status }: Key) => status !== "active" && status !== "suspended";

/** When a key that has ended did so. */
export const endOf = (key: Key) => key.revoked_at ?? key.expires_at ?? key.created_at;

export interface RateLimit {
  requests: number;
  per_seconds: number;
}

export interface Quota {
  limit: number;
  period: string;
}

/** The answers hold more than the limit itself, as what is left of it. */
export const rateLimitOf = (key: Key) => key.rate_limit as unknown as RateLimit | null | undefined;
export const quotaOf = (key: Key) => key.quota as unknown as Quota | null | undefined;

/** `carrier-accounts` as `Carrier accounts`. */
export function resourceName(resource: string): string {
  const text = resource.replaceAll(/[-_]/g, " ").replace(/\bapi\b/, "API");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
