export const hygiene = {
  title: "Key hygiene",
  description: "Keys that deserve a look: never expiring, idle, wider than used.",
} as const;
