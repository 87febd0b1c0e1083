import { ActionIcon, Badge, Group, Menu, Text, Title } from "@mantine/core";
import { IconDoorExit, IconDots, IconEdit, IconUserMinus } from "@tabler/icons-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useList } from "@/api/hooks";
import { useCan, useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { type Column, DataTable, Timestamp } from "@/ui";
import { EditModal } from "./EditModal";
import { RemoveModal } from "./RemoveModal";
import { roleName, useRoles } from "./useRoles";
import classes from "./users.module.css";

type Person = Schema<"PersonView">;

const words = strings.users;

function Name({ person }: { person: Person }) {
  const { user } = useMe();
  return (
    <div>
      <Group gap="xs">
        <Text size="sm" fw={550}>
          {person.name || person.email}
        </Text>
        {person.id === user.id ? (
          <Badge variant="light" size="sm" tt="none">
            {words.you}
          </Badge>
        ) : null}
      </Group>
      {person.name ? (
        <Text size="xs" c="dimmed" fw={400} className={classes.email ?? ""}>
          {person.email}
        </Text>
      ) : null}
    </div>
  );
}

const columns: Column<Person>[] = [
  { key: "person", header: words.person, cell: (person) => <Name person={person} /> },
  { key: "role", header: words.role, cell: ({ role }) => roleName(role) },
  { key: "joined", header: words.joined, cell: ({ created_at }) => <Timestamp at={created_at} format="date" /> },
];

/** Those who belong to the organization. */
export function Members() {
  const list = useList("/v1/management/users", { params: { query: { limit: 100 } } });
  const members = { ...list, rows: list.rows.filter(({ status }) => status !== "invited") };
  const [editing, setEditing] = useState<Person | null>(null);
  const [leaving, setLeaving] = useState<Person | null>(null);
  return (
    <section aria-labelledby="members">
      <Title order={2} id="members" mb="sm">
        {words.members}
      </Title>
      <DataTable
        list={members}
        columns={columns}
        rowKey={(row) => row.id}
        caption={words.membersCaption}
        empty={{ title: words.noMembers }}
        actions={(row) => <Actions person={row} onEdit={setEditing} onRemove={setLeaving} />}
      />
      <EditModal person={editing} onClose={() => setEditing(null)} />
      <RemoveModal person={leaving} onClose={() => setLeaving(null)} />
    </section>
  );
}

interface ActionsProps {
  person: Person;
  onEdit: (person: Person) => void;
  onRemove: (person: Person) => void;
}

function Actions({ person, onEdit, onRemove }: ActionsProps) {
  const { user } = useMe();
  const mayWrite = useCan("users:write");
  const { grants } = useRoles();
  const self = person.id === user.id;
  if (!mayWrite && !self) return null;
  const above = mayWrite && !grants.includes(person.role);
  return (
    <Menu position="bottom-end" shadow="md" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={words.menu(person.name || person.email)}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {above ? <Menu.Label>{words.aboveYou(person.role)}</Menu.Label> : null}
        {mayWrite ? (
          <Menu.Item leftSection={<IconEdit size={16} />} disabled={above} onClick={() => onEdit(person)}>
            {words.edit}
          </Menu.Item>
        ) : null}
        {self ? (
          <Menu.Item leftSection={<IconDoorExit size={16} />} color="red" onClick={() => onRemove(person)}>
            {words.leave}
          </Menu.Item>
        ) : (
          <Menu.Item
            leftSection={<IconUserMinus size={16} />}
            color="red"
            disabled={above}
            onClick={() => onRemove(person)}
          >
            {words.remove}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
