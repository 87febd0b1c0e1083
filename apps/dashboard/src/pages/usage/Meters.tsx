import { Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { type Rows, useGet } from "@/api/hooks";
import { useCan, useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { EmptyState, ErrorAlert, useNow } from "@/ui";
import { allowedIn, busiest, minutesOf, periodStart, type Quota, quotaOf, type RateLimit, rateLimitOf } from "./limits";
import { Meter } from "./Meter";
import { PlanMeter } from "./PlanMeter";
import { steadyStartOf } from "./range";
import { number, usageOf } from "./series";
import classes from "./usage.module.css";

type Key = Schema<"KeyView">;

const words = strings.usage;
/** Shown before one asks for more: each is a question of its own to the server. */
const FIRST = 9;

interface Metered {
  id: string;
  name: string;
  /** `null` is the whole organization. */
  key: string | null;
  quota: Quota | null;
  rate: RateLimit | null;
}

/** The organization's quota, and the limits and quotas of keys, one a row. */
function metered(keys: readonly Key[], quota: Quota | null): Metered[] {
  const whole = { id: "organization", name: words.quotaOfOrganization, key: null, quota, rate: null };
  const own = keys
    .filter(({ status }) => status === "active")
    .flatMap((key): Metered[] => {
      const base = { name: `${key.name} (${key.last_four})`, key: key.id };
      const keyQuota = quotaOf(key.quota);
      const rate = rateLimitOf(key.rate_limit);
      return [
        ...(keyQuota ? [{ ...base, id: `${key.id}-quota`, quota: keyQuota, rate: null }] : []),
        ...(rate ? [{ ...base, id: `${key.id}-rate`, quota: null, rate }] : []),
      ];
    });
  return quota ? [whole, ...own] : own;
}

export function Meters({ keys, seesKeys }: { keys: Rows<Key>; seesKeys: boolean }) {
  const { organization } = useMe();
  const { rate_limit: plan } = organization.limits;
  const mayRead = useCan("organizations:read");
  const path = { params: { path: { id: organization.id } } };
  const whole = useGet("/v1/management/organizations/{id}", path, { enabled: mayRead });
  const [isWhole, setWhole] = useState(false);
  const rows = metered(keys.rows, quotaOf(whole.data?.quota));
  const isPending = (mayRead && whole.isPending) || (seesKeys && keys.isPending);
  return (
    <Stack gap="sm" component="section" aria-labelledby="meters">
      <div>
        <Title order={2} id="meters">
          {words.meters}
        </Title>
        <Text size="sm" c="dimmed" maw={720}>
          {seesKeys ? words.metersText : words.metersNoKeys}
        </Text>
      </div>
      <ErrorAlert error={whole.error} title={strings.common.loadErrorTitle} retry={whole.refetch} />
      <ErrorAlert error={keys.error} title={strings.common.loadErrorTitle} retry={keys.refetch} />
      {isPending ? <Skeleton height={120} role="status" aria-label={strings.common.loading} /> : null}
      {!isPending && !plan && rows.length === 0 && !whole.error && !keys.error ? (
        <EmptyState title={words.metersEmpty} description={words.metersEmptyText} />
      ) : null}
      <ul className={classes.meters} aria-labelledby="meters">
        {isPending || !plan ? null : (
          <>
            <li>
              <PlanMeter traffic="resource" rate={plan} />
            </li>
            <li>
              <PlanMeter traffic="management" rate={plan} />
            </li>
          </>
        )}
        {rows.slice(0, isWhole ? rows.length : FIRST).map((row) => (
          <li key={row.id}>
            {row.quota ? <QuotaMeter name={row.name} of={row.key} quota={row.quota} /> : null}
            {row.rate ? <RateMeter name={row.name} of={row.key} rate={row.rate} /> : null}
          </li>
        ))}
      </ul>
      {rows.length > FIRST && !isWhole ? (
        <Group justify="center">
          <Button variant="default" onClick={() => setWhole(true)}>
            {words.showAll(rows.length)}
          </Button>
        </Group>
      ) : null}
    </Stack>
  );
}

const EVERY_MINUTE = { refetchInterval: 60_000, keepPrevious: true };

export function QuotaMeter({ name, of, quota }: { name: string; of: string | null; quota: Quota }) {
  const from = periodStart(quota, useNow(60_000));
  const query = { from, interval: "day", ...(of ? { key_id: of } : {}) };
  const { data, isPending, error, refetch } = useGet("/v1/management/usage", { params: { query } }, EVERY_MINUTE);
  return (
    <Meter
      name={name}
      label={words.quota[quota.period]}
      hint={words.utcDays}
      used={usageOf(data)?.totals.accepted ?? 0}
      limit={quota.limit}
      isPending={isPending}
      error={error}
      refetch={refetch}
    />
  );
}

function RateMeter({ name, of, rate }: { name: string; of: string | null; rate: RateLimit }) {
  const minutes = minutesOf(rate);
  const range = minutes > 60 ? "24h" : "1h";
  const from = steadyStartOf(range, "minute", useNow(60_000));
  const query = { from, interval: "minute", ...(of ? { key_id: of } : {}) };
  const { data, isPending, error, refetch } = useGet("/v1/management/usage", { params: { query } }, EVERY_MINUTE);
  const counts = (usageOf(data)?.data ?? []).map(({ accepted }) => accepted);
  const recent = minutes > 60 ? counts.slice(-minutes) : counts.slice(-60);
  return (
    <Meter
      name={name}
      label={words.rate(number.format(rate.requests), rate.per_seconds)}
      hint={minutes > 60 ? words.busiestLong : words.busiest(minutes)}
      used={busiest(recent, minutes)}
      limit={allowedIn(rate)}
      isPending={isPending}
      error={error}
      refetch={refetch}
    />
  );
}
