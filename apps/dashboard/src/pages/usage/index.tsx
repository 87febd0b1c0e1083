import { Group, Paper, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { Page } from "@/ui";
import { ExportButton } from "./ExportButton";
import { Filters } from "./Filters";
import { ManagementChart } from "./ManagementChart";
import { Meters } from "./Meters";
import { NAMED_KEYS } from "./series";
import { Totals } from "./Totals";
import { UsageChart } from "./UsageChart";
import { UsageTable } from "./UsageTable";
import { type Question, useUsage } from "./useUsage";

const words = strings.usage;
const START: Question = { range: "24h", interval: "hour", split: "outcome", surface: null, key: null };

export default function UsagePage() {
  const mayRead = useCan("usage:read");
  const seesKeys = useCan("api-keys:read");
  const keys = useList("/v1/management/api-keys", { params: { query: { limit: 100 } } }, { enabled: seesKeys });
  const [question, setQuestion] = useState(START);
  const [view, setView] = useState<string>("chart");
  const usage = useUsage(question, keys.rows, mayRead);
  const { range, interval, split, key } = question;
  const title = `${words.calls}, ${words.split.toLowerCase()} ${words.splits[split].toLowerCase()}`;
  return (
    <Page
      title={words.title}
      description={words.description}
      permission="usage:read"
      actions={mayRead ? <ExportButton question={question} usage={usage} /> : null}
    >
      <Stack gap="xl">
        <Stack gap="sm" component="section" aria-labelledby="calls">
          <Filters
            question={question}
            onChange={(change) => setQuestion({ ...question, ...change })}
            keys={seesKeys ? keys.rows : null}
          />
          <Totals usage={usage} />
          <Group justify="space-between">
            <Title order={2} id="calls">
              {words.callsHeading}
            </Title>
            <SegmentedControl
              aria-label={words.view}
              size="xs"
              value={view}
              onChange={setView}
              data={Object.entries(words.views).map(([value, label]) => ({ value, label }))}
            />
          </Group>
          {view === "table" ? (
            <UsageTable usage={usage} interval={interval} />
          ) : (
            <Paper p="md" bg="var(--app-surface)">
              <UsageChart usage={usage} range={range} interval={interval} title={title} />
            </Paper>
          )}
          {split === "key" && !key ? (
            <Text size="xs" c="dimmed">
              {words.topKeys(NAMED_KEYS)}
            </Text>
          ) : null}
        </Stack>
        <Meters keys={keys} seesKeys={seesKeys} />
        <ManagementChart range={range} interval={interval} />
      </Stack>
    </Page>
  );
}
