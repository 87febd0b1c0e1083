import { Alert, Badge, Group, Paper, Stack, Title } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { CopyButton, Timestamp } from "@/ui";
import { EndpointStatus } from "./EndpointStatus";
import classes from "./webhooks.module.css";

const words = strings.webhooks;
// A frame without a coloured ground: the words and the icon say it.
const plain = { variant: "default", classNames: { title: classes.plain ?? "" } };

/** What an endpoint is, with a word on top when something is wrong with it. */
export function Facts({ endpoint }: { endpoint: Schema<"WebhookView"> }) {
  return (
    <>
      <Trouble endpoint={endpoint} />
      <Paper p="lg" bg="var(--app-surface)" component="section" aria-label={words.settings}>
        <Stack gap="sm">
          <Title order={2}>{words.settings}</Title>
          <dl className={classes.facts}>
            <dt>{words.status}</dt>
            <dd>
              <EndpointStatus endpoint={endpoint} />
            </dd>
            {endpoint.description ? (
              <>
                <dt>{words.note}</dt>
                <dd>{endpoint.description}</dd>
              </>
            ) : null}
            <dt>{words.events}</dt>
            <dd>
              <Group gap={4}>
                {endpoint.events.map((event) => (
                  <Badge key={event} variant="default" size="sm" radius="sm" tt="none" fw={500}>
                    {event === "*" ? words.allEvents : event}
                  </Badge>
                ))}
              </Group>
            </dd>
            <dt>{words.created}</dt>
            <dd>
              <Timestamp at={endpoint.created_at} format="time" />
            </dd>
            <dt>{words.id}</dt>
            <dd>
              <Group gap={4} wrap="nowrap">
                <span className={classes.mono}>{endpoint.id}</span>
                <CopyButton value={endpoint.id} name={words.id} />
              </Group>
            </dd>
          </dl>
        </Stack>
      </Paper>
    </>
  );
}

function Trouble({ endpoint }: { endpoint: Schema<"WebhookView"> }) {
  const { active, disabled_reason, disabled_at, failing_since } = endpoint;
  if (disabled_reason) {
    return (
      <Alert color="red" icon={<IconAlertTriangle size={18} />} title={words.stoppedTitle} {...plain}>
        {words.reasons[disabled_reason] ?? disabled_reason} <Timestamp at={disabled_at} />
      </Alert>
    );
  }
  if (!active) {
    return (
      <Alert color="gray" icon={<IconInfoCircle size={18} />} title={words.pausedTitle} {...plain}>
        {words.pausedText}
      </Alert>
    );
  }
  if (!failing_since) return null;
  return (
    <Alert color="yellow" icon={<IconAlertTriangle size={18} />} title={words.failingTitle} {...plain}>
      {words.failingText} <Timestamp at={failing_since} />
    </Alert>
  );
}
