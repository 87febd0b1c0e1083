import { Burger } from "@mantine/core";
import { Suspense, useEffect, useState } from "react";
import { Link, Outlet, useLocation } from "react-router";
import { holds, useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { AccountMenu } from "./AccountMenu";
import { Logo } from "./Logo";
import { type Entry, NAVIGATION } from "./nav";
import { OrganizationMenu } from "./OrganizationMenu";
import classes from "./Shell.module.css";
import { Starting } from "./Starting";

/** What is at the right edge stays where it is while a dialog keeps the page from scrolling: Mantine's name for it. */
const KEPT = "right-scroll-bar-position";

/** The frame of all pages of a signed-in person: plain elements, which are there sooner than Mantine's. */
export function Shell() {
  const [opened, setOpened] = useState(false);
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the phone's menu
  useEffect(() => setOpened(false), [pathname]);
  return (
    <>
      <a className="skip-link" href="#content">
        {strings.shell.skip}
      </a>
      <header className={`${classes.header} ${KEPT}`}>
        <div className={classes.side}>
          <Burger
            opened={opened}
            onClick={() => setOpened(!opened)}
            hiddenFrom="sm"
            size="sm"
            aria-label={strings.shell.menu}
            aria-expanded={opened}
          />
          <Link to="/" className={classes.home} aria-label={`${strings.common.product}: ${strings.titles.overview}`}>
            <Logo />
          </Link>
          <span className={classes.slash} aria-hidden />
          <OrganizationMenu />
        </div>
        <AccountMenu />
      </header>
      <nav className={classes.navbar} aria-label={strings.shell.navigation} data-opened={opened || undefined}>
        <Navigation />
      </nav>
      <main id="content" className={classes.main} tabIndex={-1}>
        <Suspense fallback={<Starting />}>
          <Outlet />
        </Suspense>
      </main>
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
        <h2 className={classes.label} id={`nav-${label}`}>
          {label}
        </h2>
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
    <Link
      to={to}
      className={classes.entry}
      data-active={active || undefined}
      aria-current={active ? "page" : undefined}
    >
      <Icon size={17} stroke={1.7} />
      {label}
    </Link>
  );
}
