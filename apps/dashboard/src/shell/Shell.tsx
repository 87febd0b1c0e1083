import { AppShell, Burger, Group, NavLink, ScrollArea, Text } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { Suspense, useEffect } from "react";
import { Link, Outlet, useLocation } from "react-router";
import { holds, useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { AccountMenu } from "./AccountMenu";
import { Logo } from "./Logo";
import { type Entry, NAVIGATION } from "./nav";
import { OrganizationMenu } from "./OrganizationMenu";
import classes from "./Shell.module.css";
import { Starting } from "./Starting";

/** The frame of all pages of a signed-in person. */
export default function Shell() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const isPhone = useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: false });
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the phone's menu
  useEffect(close, [pathname]);
  return (
    <>
      <a className="skip-link" href="#content">
        {strings.shell.skip}
      </a>
      <AppShell
        header={{ height: 56 }}
        navbar={{ width: "15.5rem", breakpoint: "sm", collapsed: { mobile: !opened } }}
        transitionDuration={150}
      >
        <AppShell.Header className={classes.header}>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap" miw={0}>
              <Burger
                opened={opened}
                onClick={toggle}
                hiddenFrom="sm"
                size="sm"
                aria-label={strings.shell.menu}
                aria-expanded={opened}
              />
              <Link to="/" className={classes.home} aria-label={`${strings.common.product}: ${strings.overview.title}`}>
                <Logo />
              </Link>
              <span className={classes.slash} aria-hidden />
              <OrganizationMenu />
            </Group>
            <AccountMenu />
          </Group>
        </AppShell.Header>
        <AppShell.Navbar className={classes.navbar} aria-label={strings.shell.navigation} hidden={isPhone && !opened}>
          <ScrollArea type="hover" className={classes.scroll}>
            <Navigation />
          </ScrollArea>
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1}>
          <Suspense fallback={<Starting />}>
            <Outlet />
          </Suspense>
        </AppShell.Main>
      </AppShell>
    </>
  );
}

function Navigation() {
  const { permissions } = useMe();
  const allowed = ({ permission }: Entry) => !permission || holds(permissions, permission);
  return NAVIGATION.map(({ label, entries }) => ({ label, entries: entries.filter(allowed) }))
    .filter(({ entries }) => entries.length > 0)
    .map(({ label, entries }) => (
      <div key={label} className={classes.group}>
        <Text size="xs" fw={550} c="dimmed" px="sm" mb={4} component="h2" id={`nav-${label}`}>
          {label}
        </Text>
        <ul aria-labelledby={`nav-${label}`} className={classes.entries}>
          {entries.map((entry) => (
            <li key={entry.to}>
              <NavigationEntry {...entry} />
            </li>
          ))}
        </ul>
      </div>
    ));
}

function NavigationEntry({ to, label, icon: Icon }: Entry) {
  const { pathname } = useLocation();
  const active = to === "/" ? pathname === "/" : pathname === to || pathname.startsWith(`${to}/`);
  return (
    <NavLink
      component={Link}
      to={to}
      label={label}
      active={active}
      aria-current={active ? "page" : undefined}
      leftSection={<Icon size={17} stroke={1.7} />}
      className={classes.entry}
    />
  );
}
