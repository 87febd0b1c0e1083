import { Anchor, Group, Paper, Skeleton, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { type Rows, useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { ErrorAlert, Timestamp } from "@/ui";
import { expiringOf } from "./expiring";
import classes from "./overview.module.css";
import { Section } from "./Section";

const words = strings.overview;

interface Matter {
  id: string;
  text: string;
  at: string | null;
  to: string;
}

function hookMatters(hooks: readonly Schema<"WebhookView">[]): Matter[] {
  return hooks.flatMap(({ id, url, active, disabled_reason, disabled_at, failing_since }): Matter[] => {
    if (disabled_reason) return [{ id, text: words.disabled(url), at: disabled_at ?? null, to: `/webhooks/${id}` }];
    if (active && failing_since) return [{ id, text: words.failing(url), at: failing_since, to: `/webhooks/${id}` }];
    return [];
  });
}

/** What somebody should look at: keys that end, webhooks that fail. */
export function Attention({ keys, now }: { keys: Rows<Schema<"KeyView">> | null; now: number }) {
  const mayRead = useCan("webhooks:read");
  const hooks = useList("/v1/management/webhooks", { params: { query: { limit: 100 } } }, { enabled: mayRead });
  const expiring = expiringOf(keys?.rows ?? [], now).map(
    ({ id, name, expires_at }): Matter => ({ id, text: words.expires(name), at: expires_at ?? null, to: "/keys" }),
  );
  const matters = [...expiring, ...hookMatters(hooks.rows)];
  const error = keys?.error ?? hooks.error;
  const retry = () => {
    keys?.refetch();
    hooks.refetch();
  };
  return (
    <Section title={words.attention}>
      <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={retry} />
      {hooks.isPending || keys?.isPending ? (
        <Skeleton height={56} role="status" aria-label={strings.common.loading} />
      ) : error ? null : (
        <Paper bg="var(--app-surface)">
          <ul className={classes.list}>
            {matters.length === 0 ? (
              <li>
                <Group gap="xs">
                  <IconCircleCheck size={18} className={classes.icon} aria-hidden />
                  <Text size="sm">{words.nothing}</Text>
                </Group>
              </li>
            ) : null}
            {matters.map(({ id, text, at, to }) => (
              <li key={id}>
                <Group gap="xs" wrap="nowrap" align="flex-start">
                  <IconAlertTriangle size={18} className={classes.icon} aria-hidden />
                  <Text size="sm" component="div" className={classes.text ?? ""}>
                    {text}{" "}
                    <Text span size="xs" c="dimmed">
                      <Timestamp at={at} />
                    </Text>{" "}
                    <Anchor
                      component={Link}
                      to={to}
                      size="sm"
                      underline="always"
                      aria-label={`${words.review}: ${text}`}
                    >
                      {words.review}
                    </Anchor>
                  </Text>
                </Group>
              </li>
            ))}
          </ul>
        </Paper>
      )}
    </Section>
  );
}
