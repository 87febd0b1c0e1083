import { Group, Paper, Progress, Stack, Text, Title } from "@mantine/core";
import type { Schema } from "@/api/client";
import { useLimits } from "@/auth/hooks";
import { strings } from "@/strings";
import { CopyButton, StatusBadge, Timestamp } from "@/ui";
import classes from "./organization.module.css";
import { quotaOf, quotaText } from "./quota";

const words = strings.organization;

interface PlanProps {
  organization: Schema<"OrganizationView">;
  byOperator: boolean;
}

/** What only the operator decides: plan, quota and standing. */
export function Plan({ organization, byOperator }: PlanProps) {
  const { plan, status, id, created_at } = organization;
  const limits = useLimits();
  const quota = quotaOf(organization.quota);
  return (
    <Paper p="lg" bg="var(--app-surface)" component="section" aria-labelledby="plan">
      <Title order={2} id="plan">
        {words.plan}
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {byOperator ? words.planOperator : words.planText}
      </Text>
      <dl className={classes.facts}>
        <dt>{words.planLabel}</dt>
        <dd>{words.plans[plan] ?? plan}</dd>
        <dt>{words.rate}</dt>
        <dd>
          {limits.rate_limit ? words.rateOf(limits.rate_limit) : words.noRate}
          {limits.rate_limit ? (
            <Text size="xs" c="dimmed">
              {words.rateText}
            </Text>
          ) : null}
        </dd>
        <dt>{words.keys}</dt>
        <dd>{words.keysOf(limits.max_active_keys)}</dd>
        <dt>{words.status}</dt>
        <dd>
          <StatusBadge status={status} />
        </dd>
        <dt>{words.quota}</dt>
        <dd>
          {quotaText(organization.quota)}
          {quota ? (
            <Stack gap={4} mt={6} maw={320}>
              <Progress value={(quota.used / quota.limit) * 100} aria-label={words.used(quota.used, quota.limit)} />
              <Text size="xs" c="dimmed">
                {words.used(quota.used, quota.limit)}. {words.resets} <Timestamp at={quota.resets_at} />
              </Text>
            </Stack>
          ) : null}
        </dd>
        <dt>{words.created}</dt>
        <dd>
          <Timestamp at={created_at} format="date" />
        </dd>
        <dt>{words.id}</dt>
        <dd>
          <Group gap={4} wrap="nowrap">
            <span className={classes.mono}>{id}</span>
            <CopyButton value={id} name={words.id} />
          </Group>
        </dd>
      </dl>
    </Paper>
  );
}
