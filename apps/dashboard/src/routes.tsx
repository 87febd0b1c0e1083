import type { ComponentType } from "react";
import { createBrowserRouter, Navigate, type RouteObject } from "react-router";
import { serverState } from "@/shell/server-state";
import { Crash } from "./shell/Crash";
import { Inside, Outside, Root } from "./shell/Root";
import { Shell } from "./shell/Shell";
import { Starting } from "./shell/Starting";

type Module = () => Promise<{ default: ComponentType }>;

/** A page whose code is fetched when it is first visited. */
function page(path: string, load: Module): RouteObject {
  return {
    path,
    lazy: async () => ({ Component: (await load()).default }),
    ErrorBoundary: Crash,
    HydrateFallback: Starting,
  };
}

const outside: RouteObject[] = [
  page("sign-in", () => import("./pages/sign-in")),
  page("forgot-password", () => import("./pages/forgot-password")),
];

/** Opened by links from mails, with or without a session. */
const mailed: RouteObject[] = [
  page("password-reset", () => import("./pages/password-reset")),
  page("invitations", () => import("./pages/invitation")),
];

// A page with pages of its own ends in `/*` and holds `<Routes>`.
const inside: RouteObject[] = [
  { index: true, ...page("", () => import("./pages/overview")), path: undefined } as RouteObject,
  page("usage", () => import("./pages/usage")),
  page("keys/*", () => import("./pages/keys")),
  page("hygiene", () => import("./pages/hygiene")),
  page("webhooks/*", () => import("./pages/webhooks")),
  page("users/*", () => import("./pages/users")),
  page("audit-log", () => import("./pages/audit")),
  page("organization", () => import("./pages/organization")),
  page("projects/*", () => import("./pages/projects")),
  page("shipping/shipments/*", () => import("./pages/shipping/shipments")),
  page("shipping/trackers/*", () => import("./pages/shipping/trackers")),
  page("shipping/rate-sheets/*", () => import("./pages/shipping/rate-sheets")),
  page("shipping/calculator", () => import("./pages/shipping/calculator")),
  page("settings/sessions", () => import("./pages/settings/sessions")),
  page("settings/password", () => import("./pages/settings/password")),
  page("*", () => import("./pages/not-found")),
];

const whole: RouteObject[] = [
  { Component: Outside, HydrateFallback: Starting, children: outside },
  ...mailed,
  { Component: Inside, HydrateFallback: Starting, children: [{ Component: Shell, children: inside }] },
];

const empty: RouteObject[] = [
  page("", () => import("./pages/first-run")),
  { path: "*", element: <Navigate replace to="/" /> },
];

/** The addresses. A database without an organization has the page for the first run only. */
export const makeRouter = () =>
  createBrowserRouter([
    {
      Component: Root,
      ErrorBoundary: Crash,
      HydrateFallback: Starting,
      children: serverState() === "empty" ? empty : whole,
    },
  ]);
