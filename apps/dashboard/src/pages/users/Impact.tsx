import { Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useGet } from "@/api/hooks";
import { strings } from "@/strings";
import { ErrorAlert } from "@/ui";
import { words as statusWords } from "@/ui/StatusBadge";
import classes from "./users.module.css";

const words = strings.users;

/** What somebody made, and what becomes of it when they leave. */
export function Impact({ id }: { id: string }) {
  const { data, error, refetch } = useGet("/v1/management/users/{id}/impact", { params: { path: { id } } });
  if (error) return <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={refetch} />;
  if (!data) return <Skeleton h={72} mt="md" role="status" aria-label={words.impactLoading} />;
  const { keys, webhooks, leaver_keys } = data;
  return (
    <Paper p="md" mt="md">
      <Stack gap="sm">
        <Title order={3}>{words.impact}</Title>
        {keys.length === 0 && webhooks.length === 0 ? <Text size="sm">{words.impactNone}</Text> : null}
        {keys.length > 0 ? (
          <div>
            <Text size="sm">
              <strong>{words.keys(keys.length)}.</strong> {words.fates[leaver_keys] ?? leaver_keys}
            </Text>
            <ul className={classes.list}>
              {keys.map((key) => (
                <li key={key.id}>
                  {key.name} ({statusWords(key.status).toLowerCase()})
                </li>
              ))}
            </ul>
          </div>
        ) : null}
        {webhooks.length > 0 ? (
          <div>
            <Text size="sm">
              <strong>{words.webhooks(webhooks.length)}.</strong> {words.webhooksStay}
            </Text>
            <ul className={classes.list}>
              {webhooks.map(({ id: each, url, active }) => (
                <li key={each}>
                  {url} {active ? "" : `(${words.webhookOff})`}
                </li>
              ))}
            </ul>
          </div>
        ) : null}
      </Stack>
    </Paper>
  );
}
