import type { Schema } from "@/api/client";

export const ADDRESS_FIELDS = ["street1", "street2", "city", "state_code", "postal_code", "country_code"] as const;

export type AddressValues = Record<(typeof ADDRESS_FIELDS)[number], string>;

/** A stored address as a form holds it. */
export function addressValues(address: Record<string, unknown> | null | undefined): AddressValues {
  const read = (name: string) => (typeof address?.[name] === "string" ? (address[name] as string) : "");
  return {
    street1: read("street1"),
    street2: read("street2"),
    city: read("city"),
    state_code: read("state_code"),
    postal_code: read("postal_code"),
    country_code: read("country_code"),
  };
}

/** Whether a form holds no address at all. */
export function isBlank(values: AddressValues): boolean {
  return ADDRESS_FIELDS.every((name) => values[name].trim() === "");
}

/** What a form holds as the API takes it: `null` removes the address, and a member of it. */
export function addressBody(values: AddressValues): Schema<"AddressBody"> | null {
  if (isBlank(values)) return null;
  const body: Schema<"AddressBody"> = {};
  for (const name of ADDRESS_FIELDS) body[name] = values[name].trim() || null;
  return body;
}
