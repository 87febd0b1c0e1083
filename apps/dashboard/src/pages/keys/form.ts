import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { type Key, type Kind, quotaOf, rateLimitOf } from "./model";

const words = strings.keys.form;

export interface KeyValues extends Record<string, unknown> {
  name: string;
  environment: string;
  scopes: string[];
  expiry: string;
  expiryAt: string;
  rateRequests: number | string;
  ratePer: string;
  quotaLimit: number | string;
  quotaPeriod: string;
  networks: string[];
  warehouses: string[];
}

export const FRESH: KeyValues = {
  name: "",
  environment: "prod",
  scopes: [],
  expiry: "90",
  expiryAt: "",
  rateRequests: "",
  ratePer: "60",
  quotaLimit: "",
  quotaPeriod: "month",
  networks: [],
  warehouses: [],
};

/** The fields below the fold: an error there opens it. */
export const RESTRICTIONS = ["rateRequests", "ratePer", "quotaLimit", "quotaPeriod", "networks", "warehouses"];

const entries = (from: string, to: string) => Array.from({ length: 100 }, (_, index) => [`${from}[${index}]`, to]);

/** The API's field names to the form's; an entry of a list is shown at the list. */
export const ALIASES: Record<string, string> = {
  ...Object.fromEntries([...entries("scopes", "scopes"), ...entries("permissions", "scopes")]),
  ...Object.fromEntries([...entries("ip_allowlist", "networks"), ...entries("warehouse_ids", "warehouses")]),
  permissions: "scopes",
  expires_at: "expiryAt",
  ip_allowlist: "networks",
  warehouse_ids: "warehouses",
  rate_limit: "rateRequests",
  "rate_limit.requests": "rateRequests",
  "rate_limit.per_seconds": "ratePer",
  quota: "quotaLimit",
  "quota.limit": "quotaLimit",
  "quota.period": "quotaPeriod",
};

/** A time as the browser's field for date and time has it: local, to the minute. */
export function localTime(at: string | Date): string {
  const date = new Date(at);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

export function valuesOf(key: Key): KeyValues {
  const rate = rateLimitOf(key);
  const quota = quotaOf(key);
  return {
    name: key.name,
    environment: key.environment,
    scopes: key.scopes,
    expiry: key.expires_at ? "date" : "never",
    expiryAt: key.expires_at ? localTime(key.expires_at) : "",
    rateRequests: rate?.requests ?? "",
    ratePer: String(rate?.per_seconds ?? 60),
    quotaLimit: quota?.limit ?? "",
    quotaPeriod: quota?.period ?? "month",
    networks: key.ip_allowlist,
    warehouses: key.warehouse_ids,
  };
}

export const validate = {
  scopes: (scopes: string[]) => (scopes.length > 0 ? null : words.scopesMissing),
  expiryAt: (at: string, { expiry }: KeyValues) => {
    if (expiry !== "date") return null;
    if (!at) return words.expiryMissing;
    return new Date(at).getTime() > Date.now() ? null : words.expiryPast;
  },
};

function expiresAt({ expiry, expiryAt }: KeyValues, now: number): string | null {
  if (expiry === "never") return null;
  if (expiry === "date") return expiryAt ? new Date(expiryAt).toISOString() : null;
  return new Date(now + Number(expiry) * 86_400_000).toISOString();
}

const rateLimit = ({ rateRequests, ratePer }: KeyValues) =>
  rateRequests === "" ? null : { requests: Number(rateRequests), per_seconds: Number(ratePer) };

const quota = ({ quotaLimit, quotaPeriod }: KeyValues) =>
  quotaLimit === "" ? null : { limit: Number(quotaLimit), period: quotaPeriod };

/** What making a key sends. */
export function createBody(kind: Kind, values: KeyValues, now: number): Schema<"CreateKey"> {
  return {
    kind,
    environment: values.environment,
    scopes: values.scopes,
    expires_at: expiresAt(values, now),
    ...(values.name.trim() ? { name: values.name.trim() } : {}),
    ...(rateLimit(values) ? { rate_limit: rateLimit(values) } : {}),
    ...(quota(values) ? { quota: quota(values) } : {}),
    ...(values.networks.length > 0 ? { ip_allowlist: values.networks } : {}),
    ...(values.warehouses.length > 0 ? { warehouse_ids: values.warehouses } : {}),
  };
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** What changing a key sends: only what differs from what the form began with. */
export function patchBody(before: KeyValues, after: KeyValues, now: number): Schema<"UpdateKey"> {
  const changed = (...fields: string[]) => fields.some((field) => !same(before[field], after[field]));
  return {
    ...(changed("name") ? { name: after.name.trim() } : {}),
    ...(changed("scopes") ? { scopes: after.scopes } : {}),
    ...(changed("expiry", "expiryAt") ? { expires_at: expiresAt(after, now) } : {}),
    ...(changed("rateRequests", "ratePer") ? { rate_limit: rateLimit(after) } : {}),
    ...(changed("quotaLimit", "quotaPeriod") ? { quota: quota(after) } : {}),
    ...(changed("networks") ? { ip_allowlist: after.networks } : {}),
    ...(changed("warehouses") ? { warehouse_ids: after.warehouses } : {}),
  };
}
