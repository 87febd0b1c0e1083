import { Paper, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import type { ComponentType, ReactNode } from "react";

interface EmptyStateProps {
  title: string;
  description?: ReactNode;
  action?: ReactNode;
  icon?: ComponentType<{ size?: number; stroke?: number }>;
}

/** Says that there is nothing yet, why, and what to do about it. */
export function EmptyState({ title, description, action, icon: Icon = IconInbox }: EmptyStateProps) {
  return (
    <Paper p="xl" bg="var(--app-surface)">
      <Stack align="center" gap="xs" py="md" ta="center">
        <ThemeIcon size={44} radius="xl" variant="light" color="gray" aria-hidden>
          <Icon size={22} stroke={1.6} />
        </ThemeIcon>
        <Title order={2} size="h3">
          {title}
        </Title>
        {description ? (
          <Text size="sm" c="dimmed" maw={440} component="div">
            {description}
          </Text>
        ) : null}
        {action}
      </Stack>
    </Paper>
  );
}
