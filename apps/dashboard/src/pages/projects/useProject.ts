import { useGet } from "@/api/hooks";
import { useCan, useMe } from "@/auth/hooks";

export const PROJECTS = "/management/v1/projects";

/** Whether the signed-in person may change what hangs on a project: by their role in the organization, or as an admin of the project. */
export function useMayChange(projectId: string): boolean {
  const { user } = useMe();
  const mayAll = useCan("projects:write");
  const path = { projectId, userId: user.id };
  const own = useGet("/management/v1/projects/{projectId}/users/{userId}", { params: { path } }, { enabled: !mayAll });
  return mayAll || own.data?.role === "ADMIN";
}
