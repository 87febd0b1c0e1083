import { Code, Modal, Paper, Stack, Text } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { Timestamp } from "@/ui";
import classes from "../schema/schema.module.css";

const words = strings.projects.hooks;

interface Attempt {
  at: string;
  status_code?: number | null;
  error?: string | null;
  duration_ms: number;
  response?: string | null;
}

/** What came of a try, in a few words. */
export function answerOf(attempt: unknown): string {
  if (!attempt) return "–";
  const { status_code, error } = attempt as Attempt;
  return status_code == null
    ? words.noAnswer(strings.webhooks.errors[error ?? ""] ?? error ?? "")
    : String(status_code);
}

interface AttemptsProps {
  /** What was sent; the dialog is open while there is something. */
  sendOut: Schema<"SendOutView"> | null;
  onClose: () => void;
}

/** All tries of something that was sent, the last one first. */
export function Attempts({ sendOut, onClose }: AttemptsProps) {
  const attempts = [...((sendOut?.attempts ?? []) as Attempt[])].reverse();
  return (
    <Modal
      opened={sendOut !== null}
      onClose={onClose}
      title={words.attemptsOf(sendOut?.type ?? "")}
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      {attempts.length === 0 ? <Text size="sm">{words.noAttempts}</Text> : null}
      <ol className={classes.removed} reversed>
        {attempts.map((attempt) => (
          <li key={attempt.at}>
            <Paper p="sm" bg="var(--app-surface)">
              <Stack gap={4}>
                <Text size="sm" fw={550}>
                  {answerOf(attempt)}
                </Text>
                <Text size="xs" c="dimmed">
                  <Timestamp at={attempt.at} format="time" />, {words.ms(attempt.duration_ms)}
                </Text>
                {attempt.response ? (
                  <Code block tabIndex={0} aria-label={words.attemptBody}>
                    {attempt.response}
                  </Code>
                ) : null}
              </Stack>
            </Paper>
          </li>
        ))}
      </ol>
    </Modal>
  );
}
