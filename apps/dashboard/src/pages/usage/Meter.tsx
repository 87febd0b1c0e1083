import { Group, Paper, Progress, Skeleton, Text } from "@mantine/core";
import type { ApiError } from "@/api/error";
import { strings } from "@/strings";
import { ErrorAlert, StatusBadge } from "@/ui";
import { number } from "./series";
import classes from "./usage.module.css";

const words = strings.usage;
const share = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });

/** What share of a quota may be used before it is said to end. */
const NEAR = 0.8;

interface MeterProps {
  /** Whose it is. */
  name: string;
  /** Which limit. */
  label: string;
  /** How `used` was counted. */
  hint: string;
  used: number;
  limit: number;
  isPending: boolean;
  error: ApiError | null;
  refetch: () => void;
}

/** How much of a limit is used: as a bar, in numbers and in words. */
export function Meter({ name, label, hint, used, limit, isPending, error, refetch }: MeterProps) {
  if (error) return <ErrorAlert error={error} title={name} retry={refetch} />;
  const part = limit > 0 ? Math.min(1, used / limit) : 1;
  const [tone, state, color] =
    part >= 1
      ? (["bad", words.full, "red.7"] as const)
      : part >= NEAR
        ? (["warn", words.near, "yellow.6"] as const)
        : (["good", words.within, "pine.6"] as const);
  return (
    <Paper p="md" bg="var(--app-surface)" h="100%">
      <Group justify="space-between" align="flex-start" wrap="nowrap" gap="xs">
        <Text size="sm" fw={550} className={classes.name ?? ""}>
          {name}
        </Text>
        {isPending ? null : <StatusBadge status={state} tone={tone} label={state} />}
      </Group>
      <Text size="xs" c="dimmed" mb="sm">
        {label}
      </Text>
      {isPending ? (
        <Skeleton height={10} />
      ) : (
        <Progress.Root size="md" radius="xl">
          <Progress.Section
            value={part * 100}
            color={color}
            aria-label={`${name}: ${label}`}
            aria-valuetext={words.used(number.format(used), number.format(limit))}
          />
        </Progress.Root>
      )}
      <Group justify="space-between" gap="xs" mt={6}>
        <Text size="xs" className="tabular">
          {isPending ? strings.common.loading : words.used(number.format(used), number.format(limit))}
        </Text>
        <Text size="xs" c="dimmed">
          {isPending ? "" : words.percent(share.format(part))}
        </Text>
      </Group>
      <Text size="xs" c="dimmed" mt={4}>
        {hint}
      </Text>
    </Paper>
  );
}
