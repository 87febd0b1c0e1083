export const users = {
  title: "Users",
  description: "Who belongs to your organization, and what they may do.",
} as const;
