import { titles } from "./titles";
export const hygiene = {
  title: titles.hygiene,
  description: "Active keys that deserve a look. A key less is a key less that can leak.",
  caption: (section: string) => `Keys: ${section}`,
  summary: "What was found",
  found: (count: number) => (count === 1 ? "1 key" : `${count} keys`),
  goTo: (section: string) => `Go to “${section}”`,
  why: "Why",
  key: "Key",
  kind: { secret: "API key", management: "Management key" } as Record<string, string>,
  clear: "Nothing to do here",
  noKeys: "There are no active keys",
  noKeysText: "When there are some, those that deserve a look are listed here.",
  toKeys: "Go to API keys",
  partial:
    "What was refused in the last 90 days could not be counted, so some keys that are safe to remove may be missing.",
  sections: {
    safe: {
      title: "Safe to remove",
      text: "As far as the counts show, no program needs them. Revoke them.",
      clear: "No active key can be removed without a question.",
    },
    forever: {
      title: "Never expire",
      text: "A key that leaks unseen works until somebody revokes it. Edit it and give it an end, and rotate it before then.",
      clear: "Every active key has an end.",
    },
    idle: {
      title: "Idle over 90 days",
      text: "Nothing was let through with them for more than 90 days. Ask who they belong to, or suspend them: that can be undone.",
      clear: "Every active key was used or made in the last 90 days.",
    },
    wide: {
      title: "Wider than used",
      text: "Requests are counted, not the scopes that they need. These keys hold more than one program is likely to use, or were never used at all. Edit them and keep what the program needs.",
      clear: "No key holds everything, a whole resource, or rights that were never used.",
    },
  },
  reasons: {
    neverUsed: (days: number) => `Never used in the ${days} days since it was made`,
    silent: "No request in the last 90 days",
    suspended: (days: number) => `Suspended, and not used for ${days} days`,
    replaced: "Replaced, and not used since the new key was made",
    noEnd: "No end",
    idle: (days: number) => `Last used ${days} days ago`,
    idleNever: (days: number) => `Made ${days} days ago and never used`,
    stillTried: (count: number) =>
      count === 1
        ? "A program still tries: 1 request was refused"
        : `A program still tries: ${count} requests were refused`,
    everything: "Holds everything, also what is added later",
    whole: (resources: string) => `Holds everything about ${resources}`,
    grants: "May make other keys or members",
    unusedWrite: "May change things, but was never used",
  },
} as const;
