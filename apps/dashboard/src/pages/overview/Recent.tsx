import { Group, Paper, Skeleton, Text } from "@mantine/core";
import { useList } from "@/api/hooks";
import { strings } from "@/strings";
import { ErrorAlert, Timestamp } from "@/ui";
import classes from "./overview.module.css";
import { Section } from "./Section";

const words = strings.overview;

/** The latest entries of the audit log. */
export function Recent() {
  const list = useList("/v1/management/audit-log", { params: { query: { limit: 6 } } });
  return (
    <Section title={words.recent} more={{ to: "/audit-log", label: words.seeAudit }}>
      <ErrorAlert error={list.error} title={strings.common.loadErrorTitle} retry={list.refetch} />
      {list.isPending ? <Skeleton height={160} role="status" aria-label={strings.common.loading} /> : null}
      {!list.isPending && !list.error ? (
        <Paper bg="var(--app-surface)">
          <ul className={classes.list}>
            {list.rows.length === 0 ? <li>{words.recentEmpty}</li> : null}
            {list.rows.map(({ id, action, created_at, after, before }) => (
              <li key={id}>
                <Group justify="space-between" gap="xs" wrap="nowrap" align="baseline">
                  <Text size="sm" component="div" className={classes.text ?? ""}>
                    <span className={classes.strong}>{strings.audit.actions[action] ?? action}</span>{" "}
                    {nameOf(after ?? before)}
                  </Text>
                  <Text size="xs" c="dimmed" component="div" className={classes.when ?? ""}>
                    <Timestamp at={created_at} />
                  </Text>
                </Group>
              </li>
            ))}
          </ul>
        </Paper>
      ) : null}
    </Section>
  );
}

/** What people call the object, if it has a name. */
function nameOf(object: unknown): string {
  if (typeof object !== "object" || object === null) return "";
  const { name, email, url } = object as Record<string, unknown>;
  return ([name, email, url].find((text) => typeof text === "string") as string | undefined) ?? "";
}
