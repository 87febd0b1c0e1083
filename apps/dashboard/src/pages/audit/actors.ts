import { useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";

const words = strings.audit;
const limit = 100;

interface Actor {
  id: string;
  name: string;
}

/** Who can have done something, with names: the members, and the management keys. */
export function useActors() {
  const people = useList("/v1/management/users", { params: { query: { limit } } }, { enabled: useCan("users:read") });
  const keys = useList(
    "/v1/management/api-keys",
    { params: { query: { limit } } },
    { enabled: useCan("api-keys:read") },
  );
  const members: Actor[] = people.rows
    .filter(({ status }) => status !== "invited")
    .map(({ id, name, email }) => ({ id, name: name || email }));
  const managing: Actor[] = keys.rows.filter(({ kind }) => kind === "management").map(({ id, name }) => ({ id, name }));
  const names = new Map([...members, ...managing].map(({ id, name }) => [id, name]));
  const nameOf = (id: string): string => {
    if (id === "system") return words.system;
    return names.get(id) ?? (id.startsWith("usr_") ? words.formerUser : words.key);
  };
  return { members, managing, nameOf, isKnown: (id: string) => id === "system" || names.has(id) };
}
