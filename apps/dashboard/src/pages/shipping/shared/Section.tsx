import { Group, Paper, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface SectionProps {
  title: string;
  /** Buttons at the right of the heading. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A part of a page in a frame, with its heading. */
export function Section({ title, actions, children }: SectionProps) {
  return (
    <Paper p="md" component="section" bg="var(--app-surface)" aria-label={title}>
      {/* As high as a button, so that sections beside each other are in line whether they have one or not. */}
      <Group justify="space-between" mb="sm" gap="sm" mih={30}>
        <Title order={2} size="h3">
          {title}
        </Title>
        {actions}
      </Group>
      {children}
    </Paper>
  );
}
