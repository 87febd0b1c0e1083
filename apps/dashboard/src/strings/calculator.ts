export const calculator = {
  title: "Rate calculator",
  description: "What a parcel would cost.",
} as const;
