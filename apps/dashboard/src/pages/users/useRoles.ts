import { useList } from "@/api/hooks";
import { useCan, useMe } from "@/auth/hooks";
import { strings } from "@/strings";

/** A role's name for people. */
export function roleName(role: string): string {
  return strings.users.roleNames[role] ?? role;
}

/** The roles there are, and those that the signed-in person may give and take away. */
export function useRoles() {
  const { role } = useMe();
  const mayWrite = useCan("users:write");
  const list = useList("/v1/management/roles");
  const grants = mayWrite ? (list.rows.find((each) => each.role === role)?.grants ?? []) : [];
  return { list, grants };
}
