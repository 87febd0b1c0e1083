import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { StatusBadge } from "@/ui";

const words = strings.webhooks;

/** Whether an endpoint gets events, and whether it takes them. */
export function EndpointStatus({ endpoint }: { endpoint: Schema<"WebhookView"> }) {
  const { active, disabled_reason, failing_since } = endpoint;
  if (disabled_reason) return <StatusBadge status="stopped" tone="bad" label={words.stopped} />;
  if (!active) return <StatusBadge status="off" tone="neutral" label={words.paused} />;
  if (failing_since) return <StatusBadge status="failing" tone="warn" label={words.failing} />;
  return <StatusBadge status="active" label={words.active} />;
}
