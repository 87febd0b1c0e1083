export const organization = {
  title: "Organization",
  description: "Name, address, plan and branding.",
} as const;
