export const projects = {
  title: "Projects",
  description: "Projects with their members, schemas, rules, webhooks and branding.",
} as const;
