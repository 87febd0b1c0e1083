import { Anchor, Group } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { Link } from "react-router";

/** Leads from one object back to its list. */
export function BackLink({ to, children }: { to: string; children: string }) {
  return (
    <Anchor component={Link} to={to} size="sm" mb="xs" display="inline-block">
      <Group gap={6} wrap="nowrap" component="span">
        <IconArrowLeft size={15} aria-hidden />
        {children}
      </Group>
    </Anchor>
  );
}
