import { Button, Group, SimpleGrid, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { strings } from "@/strings";

interface FiltersProps {
  /** Whether any is set. */
  any: boolean;
  clear: () => void;
  count: number | null;
  children: ReactNode;
}

/** The fields that narrow a list, how much it holds, and a way to see all of it again. */
export function Filters({ any, clear, count, children }: FiltersProps) {
  return (
    <section aria-label={strings.shipments.filters}>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm" verticalSpacing="xs">
        {children}
      </SimpleGrid>
      <Group justify="space-between" mt="xs" mih={30}>
        <Text size="sm" c="dimmed" role="status">
          {count === null ? "" : strings.shipments.found(count)}
        </Text>
        {any ? (
          <Button size="xs" variant="subtle" onClick={clear}>
            {strings.shipments.clearFilters}
          </Button>
        ) : null}
      </Group>
    </section>
  );
}
