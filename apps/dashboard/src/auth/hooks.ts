import { useSyncExternalStore } from "react";
import { type Me, type SessionState, sessionStore } from "./session";

/** Who is signed in, if anybody. */
export function useSession(): SessionState {
  return useSyncExternalStore(sessionStore.subscribe, sessionStore.get);
}

/** The signed-in person; only below the shell, where there is one. */
export function useMe(): Me {
  const session = useSession();
  if (session.status !== "signed-in") throw new Error("nobody is signed in");
  return session.me;
}

/** What the organization may use, by its plan and the server's settings. */
export function useLimits(): Me["organization"]["limits"] {
  return useMe().organization.limits;
}

/** Whether a set of permissions holds one: `api-keys:write`, by name or by a wildcard. */
export function holds(permissions: readonly string[], wanted: string): boolean {
  const [resource] = wanted.split(":");
  return permissions.some((held) => held === "*" || held === wanted || held === `${resource}:*`);
}

/** Whether the signed-in person's role holds a permission here. The server decides again; this hides what it would refuse. */
export function useCan(permission: string): boolean {
  return holds(useMe().permissions, permission);
}

/** Whether the signed-in person may make, change and revoke keys: owners and admins alone. */
export function useManagesKeys(): boolean {
  return ["owner", "admin"].includes(useMe().role);
}
