import { Code, Group, Skeleton, Stack, Text } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { CopyButton, ErrorAlert } from "@/ui";
import { useSentEvent } from "./sent-event";
import classes from "./webhooks.module.css";

const words = strings.webhooks;

/** What was sent: the address, the header fields, and the body where it is kept. */
export function RequestPart({ url, delivery }: { url: string; delivery: Schema<"DeliveryView"> }) {
  const fields = [
    ["content-type", "application/json"],
    ["webhook-id", delivery.event_id],
    ["webhook-timestamp", words.perAttempt],
    ["webhook-signature", words.signature],
  ];
  return (
    <Stack gap="sm">
      <Text size="sm" className={classes.mono ?? ""}>
        <strong>POST</strong> {url}
      </Text>
      <dl className={classes.facts}>
        {fields.map(([name, value]) => (
          <div key={name} className={classes.field}>
            <dt className={classes.mono}>{name}</dt>
            <dd className={classes.mono}>{value}</dd>
          </div>
        ))}
      </dl>
      <Text size="xs" c="dimmed">
        {words.requestNote}
      </Text>
      <Body delivery={delivery} />
    </Stack>
  );
}

function Body({ delivery }: { delivery: Schema<"DeliveryView"> }) {
  const { data, error, isPending, refetch } = useSentEvent(delivery);
  if (isPending) return <Skeleton h={96} role="status" aria-label={words.bodyLoading} />;
  if (error) return <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={refetch} />;
  if (!data) {
    return (
      <Text size="sm" c="dimmed">
        {words.bodyMissing}
      </Text>
    );
  }
  const text = JSON.stringify(data, null, 2);
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Text size="sm" fw={550}>
          {words.body}
        </Text>
        <CopyButton value={text} name={words.copyBody} />
      </Group>
      <Code block className={classes.code ?? ""} tabIndex={0} aria-label={words.body}>
        {text}
      </Code>
    </div>
  );
}
