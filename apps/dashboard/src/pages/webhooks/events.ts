/** The events there are, by what they are about. The words for them are in the strings. */
export const EVENTS: readonly (readonly [family: string, types: readonly string[]])[] = [
  ["shipment", ["shipment.created", "shipment.updated", "shipment.purchased", "shipment.cancelled"]],
  ["tracker", ["tracker.created", "tracker.updated"]],
  [
    "api_key",
    [
      "api_key.created",
      "api_key.updated",
      "api_key.rotated",
      "api_key.suspended",
      "api_key.revoked",
      "api_key.expiring",
    ],
  ],
  ["user", ["user.created", "user.updated", "user.deleted"]],
  ["organization", ["organization.updated"]],
  ["quota", ["quota.threshold_reached"]],
  ["webhook", ["webhook.disabled"]],
];

const KNOWN = new Set(EVENTS.flatMap(([family, types]) => [`${family}.*`, ...types]));

/** Entries that the picker has no box for: they are kept as they are. */
export function unknownEntries(entries: readonly string[]): string[] {
  return entries.filter((entry) => entry !== "*" && !KNOWN.has(entry));
}

/** The list with an entry added or taken away. */
export function toggled(entries: readonly string[], entry: string, wanted: boolean): string[] {
  const rest = entries.filter((each) => each !== entry);
  return wanted ? [...rest, entry] : rest;
}

/** The list with a whole family, which takes the place of its single events, or without any of it. */
export function withFamily(entries: readonly string[], family: string, wanted: boolean): string[] {
  const rest = entries.filter((entry) => !entry.startsWith(`${family}.`));
  return wanted ? [...rest, `${family}.*`] : rest;
}

/** The names that a list of subscriptions stands for. */
export function typesOf(entries: readonly string[]): string[] {
  return EVENTS.flatMap(([family, types]) =>
    types.filter((type) => entries.some((entry) => entry === "*" || entry === type || entry === `${family}.*`)),
  );
}
