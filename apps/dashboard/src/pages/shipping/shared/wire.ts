// Words of the shipping API as they travel: its states in lower case, its units and formats in upper case.
import type { Schema } from "@/api/client";

export const SHIPMENT_STATES = [
  "draft",
  "created",
  "shipped",
  "in_transit",
  "out_for_delivery",
  "delivered",
  "needs_attention",
  "delivery_failed",
  "cancelled",
];

export const TRACKER_STATES = [
  "pending",
  "picked_up",
  "in_transit",
  "out_for_delivery",
  "delivered",
  "on_hold",
  "delivery_delayed",
  "ready_for_pickup",
  "delivery_failed",
  "return_to_sender",
  "cancelled",
  "unknown",
];

export const WEIGHT_UNITS = ["KG", "LB", "OZ", "G"];
export const LENGTH_UNITS = ["CM", "IN"];
export const LABEL_TYPES = ["PDF", "PNG", "ZPL"];

/** A word as the API writes it. */
export const wire = (word: string): string => word;

export const asWeightUnit = (word: string) => word as Schema<"WeightUnit">;
export const asLengthUnit = (word: string) => word as Schema<"LengthUnit">;
export const asLabelType = (word: string) => word as Schema<"LabelType">;
export const asTrackerStatus = (word: string) => word as Schema<"TrackerStatus">;
export const asSurchargeType = (word: string) => word as Schema<"SurchargeType">;

type Rate = Schema<"Rate">;

/** A service's name for people, where the rate knows it. */
export function serviceName(rate: Pick<Rate, "service" | "meta">): string {
  const meta = rate.meta as { service_name?: unknown } | null | undefined;
  return typeof meta?.service_name === "string" && meta.service_name ? meta.service_name : rate.service;
}
