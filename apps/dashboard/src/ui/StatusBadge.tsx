import { Badge } from "@mantine/core";
import classes from "./StatusBadge.module.css";

export type Tone = "good" | "bad" | "warn" | "info" | "neutral";

const TONES: Record<string, Tone> = {
  active: "good",
  succeeded: "good",
  delivered: "good",
  purchased: "good",
  valid: "good",
  pending: "info",
  draft: "neutral",
  created: "neutral",
  invited: "info",
  in_transit: "info",
  out_for_delivery: "info",
  shipped: "info",
  failed: "warn",
  suspended: "warn",
  needs_attention: "warn",
  on_hold: "warn",
  delivery_failed: "bad",
  delivery_delayed: "warn",
  expiring: "warn",
  expired: "neutral",
  inactive: "neutral",
  cancelled: "neutral",
  revoked: "bad",
  dead: "bad",
};

/** A state as a word with a dot. The tone follows from the word unless it is given. */
export function StatusBadge({ status, tone, label }: { status: string; tone?: Tone; label?: string }) {
  return (
    <Badge
      variant="default"
      radius="xl"
      size="md"
      className={classes.badge ?? ""}
      data-tone={tone ?? TONES[status] ?? "neutral"}
      leftSection={<span className={classes.dot} aria-hidden />}
    >
      {label ?? words(status)}
    </Badge>
  );
}

/** `in_transit` as `In transit`. */
export function words(status: string): string {
  const text = status.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
