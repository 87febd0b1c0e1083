import { strings } from "@/strings";
import { type Key, resourceName } from "../keys/model";

const words = strings.hygiene.reasons;
const DAY = 86_400_000;

/** Days without use after which a key is idle. */
const IDLE = 90;
/** Days without use after which a key that was never used, or is suspended, is one too many. */
const UNUSED = 30;

/** Requests that were refused or limited in the last 90 days, by key; a key that is missing was not counted. */
export type Refusals = ReadonlyMap<string, number>;

export interface Finding {
  key: Key;
  why: string[];
}

export type Section = "safe" | "forever" | "idle" | "wide";

const daysSince = (at: string, now: number) => Math.floor((now - new Date(at).getTime()) / DAY);

/** Days since a key was used, or made if it never was. */
export function quietDays(key: Key, now: number): number {
  return daysSince(key.last_used_at ?? key.created_at, now);
}

/** Whether requests that were refused matter for what is said about a key. */
export const asksForRefusals = (key: Key, now: number) => quietDays(key, now) >= UNUSED;

function safe(key: Key, all: ReadonlyMap<string, Key>, refusals: Refusals, now: number): string[] {
  const successor = key.replaced_by ? all.get(key.replaced_by) : undefined;
  if (successor && (!key.last_used_at || key.last_used_at < successor.created_at)) return [words.replaced];
  const days = quietDays(key, now);
  // Somebody still tries, or nobody knows.
  if (days < UNUSED || refusals.get(key.id) !== 0) return [];
  if (key.status === "suspended") return [words.suspended(days)];
  if (!key.last_used_at) return [words.neverUsed(days)];
  return days > IDLE ? [words.silent] : [];
}

function idle(key: Key, refusals: Refusals, now: number): string[] {
  const days = quietDays(key, now);
  if (days <= IDLE) return [];
  const tried = refusals.get(key.id) ?? 0;
  return [key.last_used_at ? words.idle(days) : words.idleNever(days), ...(tried > 0 ? [words.stillTried(tried)] : [])];
}

/** Permissions by which a key makes others. */
const GRANTING = ["api-keys:write", "users:write", "organizations:create"];

function wide(key: Key, now: number): string[] {
  if (key.scopes.includes("*")) return [words.everything];
  const whole = key.scopes.filter((scope) => scope.endsWith(":*")).map((scope) => resourceName(scope.slice(0, -2)));
  const changes = key.scopes.some((scope) => !scope.endsWith(":read") && scope !== "keys:verify");
  return [
    ...(whole.length > 0 ? [words.whole(whole.join(", "))] : []),
    ...(key.scopes.some((scope) => GRANTING.includes(scope)) ? [words.grants] : []),
    ...(changes && !key.last_used_at && daysSince(key.created_at, now) >= UNUSED ? [words.unusedWrite] : []),
  ];
}

/** What there is to say about the active keys. */
export function findings(keys: Key[], refusals: Refusals, now: number): Record<Section, Finding[]> {
  const all = new Map(keys.map((key) => [key.id, key]));
  const those = (judge: (key: Key) => string[]) =>
    keys.map((key) => ({ key, why: judge(key) })).filter(({ why }) => why.length > 0);
  return {
    safe: those((key) => safe(key, all, refusals, now)),
    forever: those((key) => (key.expires_at ? [] : [words.noEnd])),
    idle: those((key) => idle(key, refusals, now)),
    wide: those((key) => wide(key, now)),
  };
}
