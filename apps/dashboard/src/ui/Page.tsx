import { Box, Group, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { useLocation, useNavigationType } from "react-router";
import { useCan, useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { EmptyState } from "./EmptyState";
import classes from "./Page.module.css";

interface PageProps {
  title: string;
  description?: ReactNode;
  /** Buttons at the top right. */
  actions?: ReactNode;
  /** The permission that reading the page takes; without it the page says so, and `children` are not rendered. */
  permission?: string;
  /** Something above the title, as a link back to a list. */
  above?: ReactNode;
  children: ReactNode;
}

/** Every page's frame: heading, document title, focus after a change of page. */
export function Page({ title, description, actions, permission, above, children }: PageProps) {
  const heading = usePageTitle(title);
  return (
    <Box className={classes.page}>
      {above}
      <Group justify="space-between" align="flex-start" gap="md" className={classes.head}>
        <div className={classes.words}>
          <Title order={1} ref={heading} tabIndex={-1}>
            {title}
          </Title>
          {description ? (
            <Text c="dimmed" size="sm" mt={4} component="div">
              {description}
            </Text>
          ) : null}
        </div>
        {actions ? <Group gap="xs">{actions}</Group> : null}
      </Group>
      {permission ? <Guarded permission={permission}>{children}</Guarded> : children}
    </Box>
  );
}

function Guarded({ permission, children }: { permission: string; children: ReactNode }) {
  const { role } = useMe();
  if (useCan(permission)) return children;
  return <EmptyState title={strings.common.notAllowed} description={strings.common.notAllowedText(role)} />;
}

/** Sets the document's title, and moves the focus to the heading after a change of page, so that screen readers say where one is. */
export function usePageTitle(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { pathname } = useLocation();
  const kind = useNavigationType();
  const arrived = useRef<string | null>(null);
  useEffect(() => {
    document.title = `${title} · ${strings.common.product}`;
  }, [title]);
  useEffect(() => {
    // The first page of a visit keeps the browser's own start: the skip link is then the first stop.
    const isFirst = kind === "POP" && document.activeElement === document.body;
    if (!isFirst && arrived.current !== pathname) heading.current?.focus({ preventScroll: true });
    arrived.current = pathname;
  }, [kind, pathname]);
  return heading;
}
