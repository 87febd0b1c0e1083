import { Code, Group, Paper, Stack, Text } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { StatusBadge, Timestamp } from "@/ui";
import { outcomeOf } from "./DeliveryStatus";
import classes from "./webhooks.module.css";

const words = strings.webhooks;

/** The tries of a delivery, the last one first, each with its answer. */
export function Attempts({ attempts }: { attempts: Schema<"AttemptView">[] }) {
  if (attempts.length === 0) return <Text size="sm">{words.noAttempts}</Text>;
  const latestFirst = attempts.map((attempt, index) => ({ attempt, number: index + 1 })).reverse();
  return (
    <ol className={classes.attempts} reversed>
      {latestFirst.map(({ attempt, number }) => (
        <li key={`${attempt.at}-${number}`}>
          <Attempt attempt={attempt} number={number} />
        </li>
      ))}
    </ol>
  );
}

function Attempt({ attempt, number }: { attempt: Schema<"AttemptView">; number: number }) {
  const { at, duration_ms, error, response, status_code } = attempt;
  return (
    <Paper p="sm" bg="var(--app-surface)">
      <Stack gap="xs">
        <Group justify="space-between" gap="xs">
          <Text size="sm" fw={550}>
            {words.attempt(number)}
          </Text>
          <StatusBadge status={error ? "failed" : "succeeded"} label={outcomeOf(attempt)} />
        </Group>
        <Text size="xs" c="dimmed">
          <Timestamp at={at} format="time" /> · {words.took(duration_ms)}
          {error && status_code != null ? ` · ${words.errors[error] ?? error}` : ""}
        </Text>
        {status_code == null ? null : response ? (
          <Code block className={classes.code ?? ""} tabIndex={0} aria-label={words.response}>
            {response}
          </Code>
        ) : (
          <Text size="xs" c="dimmed">
            {words.emptyResponse}
          </Text>
        )}
      </Stack>
    </Paper>
  );
}
