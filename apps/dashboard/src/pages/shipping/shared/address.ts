import type { Schema } from "@/api/client";

type Address = Schema<"Address">;

const joined = (parts: (string | null | undefined)[], between: string) => parts.filter(Boolean).join(between);

/** Whose address it is. */
export function partyOf(address: Address): string {
  return address.person_name ?? address.company_name ?? "–";
}

/** `Ottawa, ON, CA`. */
export function placeOf(address: Address): string {
  return joined([address.city, address.state_code, address.country_code], ", ");
}

/** The lines of an envelope. */
export function linesOf(address: Address): string[] {
  return [
    address.person_name,
    address.company_name,
    joined([address.address_line1, address.street_number], " "),
    address.address_line2,
    joined([address.city, address.state_code, address.postal_code], " "),
    address.country_code,
    address.phone_number,
    address.email,
  ].filter((line): line is string => Boolean(line));
}
