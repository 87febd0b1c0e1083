import { Paper, Stack } from "@mantine/core";
import { useGet, useList } from "@/api/hooks";
import { useCan, useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { Page, useNow } from "@/ui";
import { quotaOf } from "../usage/limits";
import { QuotaMeter } from "../usage/Meters";
import { totalOf } from "../usage/series";
import { UsageChart } from "../usage/UsageChart";
import { useUsage } from "../usage/useUsage";
import { Attention } from "./Attention";
import { Figures } from "./Figures";
import { FirstCall } from "./FirstCall";
import classes from "./overview.module.css";
import { Recent } from "./Recent";
import { Section } from "./Section";

const words = strings.overview;
const LAST_DAY = { range: "24h", interval: "hour", split: "outcome", surface: null, key: null } as const;

export default function Overview() {
  return (
    <Page title={words.title} description={words.description} permission="usage:read">
      <Content />
    </Page>
  );
}

function Content() {
  const { organization } = useMe();
  const seesKeys = useCan("api-keys:read");
  const seesAudit = useCan("audit:read");
  const mayRead = useCan("organizations:read");
  const now = useNow(60_000);
  const usage = useUsage(LAST_DAY, []);
  const query = { status: "active", limit: 100 };
  const list = useList("/v1/management/api-keys", { params: { query } }, { enabled: seesKeys });
  const keys = seesKeys ? list : null;
  const path = { id: organization.id };
  const whole = useGet("/v1/management/organizations/{id}", { params: { path } }, { enabled: mayRead });
  const quota = quotaOf(whole.data?.quota);
  const isUnused = !usage.isPending && !usage.error && usage.points.every((point) => totalOf(point) === 0);
  const neverUsed = isUnused && keys !== null && !keys.isPending && keys.rows.every((key) => !key.last_used_at);
  return (
    <Stack gap="xl">
      <Figures usage={usage} keys={keys} now={now} />
      {neverUsed ? (
        <FirstCall />
      ) : (
        <Section title={words.calls} more={{ to: "/usage", label: words.seeUsage }}>
          <Paper p="md" bg="var(--app-surface)">
            <UsageChart usage={usage} range="24h" interval="hour" title={words.calls} height={240} />
          </Paper>
        </Section>
      )}
      {quota ? (
        <Section title={words.quota}>
          <QuotaMeter name={strings.usage.quotaOfOrganization} of={null} quota={quota} />
        </Section>
      ) : null}
      <div className={classes.columns}>
        <Attention keys={keys} now={now} />
        {seesAudit ? <Recent /> : null}
      </div>
    </Stack>
  );
}
