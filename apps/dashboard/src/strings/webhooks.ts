export const webhooks = {
  title: "Webhooks",
  description: "Addresses that are told what happens.",
} as const;
