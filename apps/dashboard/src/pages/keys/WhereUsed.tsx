import { Skeleton, Stack, Text } from "@mantine/core";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { ErrorAlert } from "@/ui";
import type { Key } from "./model";
import { useUses } from "./use";

const words = strings.keys.use;
const day = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeZone: "UTC" });
const number = new Intl.NumberFormat("en");

/** Where a key was used in the last 90 days, and how much. */
export function WhereUsed({ row }: { row: Key }) {
  const allowed = useCan("usage:read");
  const { uses, isPending, error, refetch } = useUses(row);
  if (!allowed) return words.notAllowed;
  if (isPending) return <Skeleton height={18} role="status" aria-label={words.loading} />;
  if (error) return <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={refetch} />;
  if (uses.length === 0) return words.none;
  return (
    <Stack gap={4}>
      {uses.map(({ surface, count, last }) => (
        <div key={surface}>
          <Text size="sm" fw={550} span>
            {words.surface[surface]}
          </Text>
          <Text size="sm" c="dimmed">
            {words.line(number.format(count), day.format(new Date(last)))}
          </Text>
        </div>
      ))}
    </Stack>
  );
}
