export const shipments = {
  title: "Shipments",
  description: "Drafts, purchases and labels.",
} as const;
