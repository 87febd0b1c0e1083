import { useGet } from "@/api/hooks";
import { useCan, useMe } from "@/auth/hooks";

export const PROJECTS = "/management/v1/projects";

/** Whether the signed-in person may change what hangs on a project: by their role in the organization, or as an admin of the project. */
export function useMayChange(projectId: string): boolean {
  const { user } = useMe();
  const mayAll = useCan("projects:write");
  const path = { projectId };
  // The list is there for everybody; asking for oneself alone is an error for who is not in the project.
  const people = useGet("/management/v1/projects/{projectId}/users", { params: { path } }, { enabled: !mayAll });
  return mayAll || (people.data?.data.some(({ id, role }) => id === user.id && role === "ADMIN") ?? false);
}
