import { Anchor, Group, Stack, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";
import { Link } from "react-router";

interface SectionProps {
  title: string;
  /** Where there is more of it. */
  more?: { to: string; label: string };
  children: ReactNode;
}

/** A part of the page with a heading. */
export function Section({ title, more, children }: SectionProps) {
  const id = useId();
  return (
    <Stack gap="sm" component="section" aria-labelledby={id} miw={0}>
      <Group justify="space-between">
        <Title order={2} id={id}>
          {title}
        </Title>
        {more ? (
          <Anchor component={Link} to={more.to} size="sm">
            {more.label}
          </Anchor>
        ) : null}
      </Group>
      {children}
    </Stack>
  );
}
