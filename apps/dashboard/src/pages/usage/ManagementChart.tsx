import { Paper, Stack, Text, Title } from "@mantine/core";
import { strings } from "@/strings";
import type { Interval, Range } from "./range";
import { UsageChart } from "./UsageChart";
import { useUsage } from "./useUsage";

const words = strings.usage;

/** The management API's own calls, by outcome, over the period that is chosen above. */
export function ManagementChart({ range, interval }: { range: Range; interval: Interval }) {
  const usage = useUsage({ range, interval, split: "outcome", surface: "management", key: null }, []);
  return (
    <Stack gap="sm" component="section" aria-labelledby="management-chart">
      <div>
        <Title order={2} id="management-chart">
          {words.management}
        </Title>
        <Text size="sm" c="dimmed">
          {words.managementText}
        </Text>
      </div>
      <Paper p="md" bg="var(--app-surface)">
        <UsageChart usage={usage} range={range} interval={interval} title={words.management} height={220} />
      </Paper>
    </Stack>
  );
}
