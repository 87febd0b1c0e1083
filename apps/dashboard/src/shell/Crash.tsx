import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { isRouteErrorResponse, useRouteError } from "react-router";
import { asApiError } from "@/api/error";
import { strings } from "@/strings";
import { ErrorAlert } from "@/ui/ErrorAlert";
import classes from "./Shell.module.css";

/** Instead of a page whose code failed, or could not be fetched because a newer version has replaced it. */
export function Crash() {
  const error = useRouteError();
  const shown = isRouteErrorResponse(error) ? new Error(error.statusText) : error;
  return (
    <main className={classes.center}>
      <Stack maw={520} p="lg" gap="md">
        <Title order={1}>{strings.shell.crashedTitle}</Title>
        <Text c="dimmed">{strings.shell.crashedText}</Text>
        <ErrorAlert error={asApiError(shown)} title={strings.common.details} />
        <Group>
          <Button onClick={() => location.reload()}>{strings.shell.reload}</Button>
        </Group>
      </Stack>
    </main>
  );
}
