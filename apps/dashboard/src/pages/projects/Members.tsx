import { Button, Group, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema } from "@/api/client";
import { useAction, useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { type Column, DataTable, FormErrors } from "@/ui";
import type { PartProps } from "./ProjectDetail";
import { PROJECTS } from "./useProject";
import { useRemove } from "./useRemove";

type User = Schema<"ProjectUser">;
const words = strings.projects.members;
const ROLES = Object.entries(words.roles).map(([value, label]) => ({ value, label }));

/** Who is in a project, and as what. */
export function Members({ project }: PartProps) {
  const mayWrite = useCan("projects:write");
  const params = { path: { projectId: project.id } };
  const query = { limit: 100 };
  const list = useList("/management/v1/projects/{projectId}/users", { params: { ...params, query } });
  const of = (user: User) => ({ params: { path: { projectId: project.id, userId: user.id } } });
  const change = useAction(
    ({ user, role }: { user: User; role: string }) =>
      api.put("/management/v1/projects/{projectId}/users/{userId}", { ...of(user), body: { role } }),
    { invalidates: [PROJECTS], done: words.changed, notifyErrors: true },
  );
  const remove = useRemove<User>({
    act: (user) => api.delete("/management/v1/projects/{projectId}/users/{userId}", of(user)),
    title: words.removeTitle,
    text: ({ email }) => words.removeText(email),
    done: words.removed,
    invalidates: [PROJECTS],
  });
  const columns: Column<User>[] = [
    { key: "email", header: words.email, cell: ({ email }) => email, primary: true },
    {
      key: "name",
      header: words.name,
      cell: ({ first_name, last_name }) => `${first_name} ${last_name}`.trim() || "–",
    },
    {
      key: "role",
      header: words.role,
      cell: (user) => (
        <Select
          aria-label={words.roleOf(user.email)}
          data={ROLES}
          value={user.role}
          allowDeselect={false}
          disabled={!mayWrite || change.isPending}
          size="xs"
          onChange={(role) => role && role !== user.role && change.mutate({ user, role })}
        />
      ),
    },
  ];
  return (
    <Stack gap="md">
      {mayWrite ? <AddMember projectId={project.id} /> : null}
      <DataTable
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        caption={words.caption}
        empty={{ title: words.empty }}
        actions={(user) =>
          mayWrite ? (
            <Button size="xs" variant="default" onClick={() => remove.ask(user)}>
              {words.remove}
            </Button>
          ) : null
        }
      />
      {remove.modal}
    </Stack>
  );
}

function AddMember({ projectId }: { projectId: string }) {
  const form = useForm({ initialValues: { login: "", role: "USER" } });
  const add = useAction(
    (body: typeof form.values) =>
      api.post("/management/v1/projects/{projectId}/users", { params: { path: { projectId } }, body }),
    { invalidates: [PROJECTS], done: words.added, onSuccess: () => form.reset() },
  );
  return (
    <form onSubmit={form.onSubmit((values) => add.mutate(values))}>
      <Stack gap="xs">
        <Group align="flex-end" gap="sm">
          <TextInput label={words.email} type="email" required flex="1 1 14rem" {...form.getInputProps("login")} />
          <Select label={words.role} data={ROLES} allowDeselect={false} {...form.getInputProps("role")} />
          <Button type="submit" loading={add.isPending}>
            {words.add}
          </Button>
        </Group>
        <FormErrors form={form} error={add.error} />
      </Stack>
    </form>
  );
}
