export const trackers = {
  title: "Trackers",
  description: "Where parcels are.",
} as const;
