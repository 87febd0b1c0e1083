import { Alert, Button, Code, Group, List, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { asApiError } from "@/api/error";
import { strings } from "@/strings";

interface ErrorAlertProps {
  error: unknown;
  title?: string;
  retry?: () => void;
  /** Paths whose reasons a form shows at its fields already. */
  shownElsewhere?: readonly string[];
}

/** What the server says where only the fields have reasons: words for programs. */
const SEE_DETAILS = "the request is invalid: see `details`";

/** What went wrong: the message, each field with its reason, the request's id, and a button to repeat it. Nothing without an error. */
export function ErrorAlert({ error, title = strings.common.errorTitle, retry, shownElsewhere = [] }: ErrorAlertProps) {
  if (!error) return null;
  const { message, details, requestId, retryAfter } = asApiError(error);
  const reasons = Object.entries(details).filter(([path]) => !shownElsewhere.includes(path));
  return (
    <Alert color="red" variant="light" title={title} icon={<IconAlertTriangle size={18} />} role="alert">
      <Text size="sm">
        {message === SEE_DETAILS ? strings.common.seeFields : sentence(message)}{" "}
        {retryAfter === null ? "" : strings.common.retryAfter(retryAfter)}
      </Text>
      {reasons.length > 0 ? (
        <List size="sm" mt="xs">
          {reasons.map(([path, reason]) => (
            <List.Item key={path}>
              {path ? <strong>{path}</strong> : null} {reason}
            </List.Item>
          ))}
        </List>
      ) : null}
      {requestId || retry ? (
        <Group mt="sm" gap="sm" justify="space-between">
          {requestId ? (
            <Text size="xs" c="dimmed">
              {strings.common.requestId} <Code>{requestId}</Code>
            </Text>
          ) : null}
          {retry ? (
            <Button size="xs" variant="default" onClick={retry}>
              {strings.common.retry}
            </Button>
          ) : null}
        </Group>
      ) : null}
    </Alert>
  );
}

/** The server's messages begin in lower case and have no full stop. */
export function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
