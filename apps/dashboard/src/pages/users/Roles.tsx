import { Title } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { type Column, DataTable } from "@/ui";
import { roleName, useRoles } from "./useRoles";

const words = strings.users;

const columns: Column<Schema<"RoleView">>[] = [
  { key: "role", header: words.role, cell: ({ role }) => <strong>{roleName(role)}</strong>, width: 140 },
  { key: "may", header: words.may, cell: ({ description }) => `${description}.` },
];

/** What each role may do. */
export function Roles() {
  const { list } = useRoles();
  return (
    <section aria-labelledby="roles">
      <Title order={2} id="roles" mb="sm">
        {words.roles}
      </Title>
      <DataTable
        list={list}
        columns={columns}
        rowKey={(row) => row.role}
        caption={words.rolesCaption}
        empty={{ title: words.noRoles }}
      />
    </section>
  );
}
