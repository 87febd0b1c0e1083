import { Button, Stack, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useEffect } from "react";
import { Navigate, Outlet, useLocation } from "react-router";
import { useSession } from "@/auth/hooks";
import { onSessionChange, startSession } from "@/auth/session";
import { strings } from "@/strings";
import { ErrorAlert } from "@/ui/ErrorAlert";
import classes from "./Shell.module.css";
import { Starting } from "./Starting";

/** Where links in mails lead: their secrets are in the fragment, which browsers send to nobody. */
const MAILED = /^#\/(invitations|password-reset)\/(.+)$/;

/** Above all pages: the session, and the links from mails. */
export function Root() {
  const client = useQueryClient();
  const { hash } = useLocation();
  useEffect(() => onSessionChange(() => client.clear()), [client]);
  const mailed = MAILED.exec(hash);
  if (mailed) return <Navigate replace to={{ pathname: `/${mailed[1]}`, hash: mailed[2] ?? "" }} />;
  return <Outlet />;
}

/** Pages that need a session; without one people are sent to sign in, and back afterwards. */
export function Inside() {
  const now = useSession();
  const later = useDeferredValue(now);
  // The first rendering of a page is the longest work there is: deferred, the browser can do other things in between.
  const session = now.status === "signed-in" && later.status === "starting" ? later : now;
  const location = useLocation();
  switch (session.status) {
    case "starting":
      return <Starting />;
    case "unreachable":
      return (
        <main className={classes.center}>
          <Stack maw={480} p="lg">
            <Title order={1}>{strings.shell.unreachableTitle}</Title>
            <ErrorAlert error={session.error} />
            <Button onClick={() => void startSession()}>{strings.common.retry}</Button>
          </Stack>
        </main>
      );
    case "signed-out":
      return <Navigate replace to="/sign-in" state={{ from: `${location.pathname}${location.search}` }} />;
    case "signed-in":
      // A change of organization starts every page anew.
      return <Outlet key={session.me.organization.id} />;
  }
}

/** Pages for people without a session. */
export function Outside() {
  const session = useSession();
  const { state } = useLocation();
  if (session.status === "starting") return <Starting />;
  if (session.status === "signed-in") return <Navigate replace to={from(state)} />;
  return <Outlet />;
}

/** Where somebody wanted to go before they had to sign in: within this site only. */
function from(state: unknown): string {
  const wanted = (state as { from?: unknown } | null)?.from;
  return typeof wanted === "string" && /^\/(?!\/)/.test(wanted) ? wanted : "/";
}
