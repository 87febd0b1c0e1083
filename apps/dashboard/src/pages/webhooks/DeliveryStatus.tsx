import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { StatusBadge } from "@/ui";

const words = strings.webhooks;

/** How far a delivery is. */
export function DeliveryStatus({ status }: { status: string }) {
  return <StatusBadge status={status} label={words.statuses[status] ?? status} />;
}

/** What came of a try, in a few words. */
export function outcomeOf(attempt: Schema<"AttemptView"> | undefined): string {
  if (!attempt) return words.noAnswer;
  if (attempt.status_code != null) return words.statusCode(attempt.status_code);
  return attempt.error ? (words.errors[attempt.error] ?? attempt.error) : words.noAnswer;
}
