import type { Schema } from "@/api/client";

type Entry = Schema<"AuditView">;

export interface Change {
  path: string;
  before: string | null;
  after: string | null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object's members by their paths: `address.city`. */
function flatten(value: unknown, path: string, into: Map<string, string | null>): void {
  if (isObject(value) && Object.keys(value).length > 0) {
    for (const [name, member] of Object.entries(value)) flatten(member, path ? `${path}.${name}` : name, into);
    return;
  }
  if (path) into.set(path, text(value));
}

function text(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function flat(value: unknown): Map<string, string | null> {
  const found = new Map<string, string | null>();
  flatten(value, "", found);
  return found;
}

/** Every member of the object before and after. */
export function membersOf({ before, after }: Entry): Change[] {
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...now.keys()])].map((path) => ({
    path,
    before: old.get(path) ?? null,
    after: now.get(path) ?? null,
  }));
}

/** What an entry's object is called, if it says so. */
export function titleOf({ before, after }: Entry): string | null {
  for (const side of [after, before]) {
    if (!isObject(side)) continue;
    for (const name of ["name", "email", "url", "title"]) {
      const value = side[name];
      if (typeof value === "string" && value) return value;
    }
  }
  return null;
}
