import { Paper, Skeleton, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import type { Loaded } from "@/api/hooks";
import { strings } from "@/strings";
import { ErrorAlert } from "@/ui";

/** One loaded object, or that it is loading, or why it could not be loaded. */
export function Details<T>({ loaded, children }: { loaded: Loaded<T>; children: (data: T) => ReactNode }) {
  if (loaded.data !== undefined) return children(loaded.data);
  if (loaded.error) {
    return <ErrorAlert error={loaded.error} title={strings.common.loadErrorTitle} retry={loaded.refetch} />;
  }
  return (
    <Paper p="lg" bg="var(--app-surface)" role="status" aria-label={strings.common.loading}>
      <Stack gap="md">
        <Skeleton height={18} width="40%" radius="sm" />
        <Skeleton height={14} radius="sm" />
        <Skeleton height={14} radius="sm" />
        <Skeleton height={14} width="70%" radius="sm" />
      </Stack>
    </Paper>
  );
}
