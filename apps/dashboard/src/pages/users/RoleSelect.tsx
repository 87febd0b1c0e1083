import { NativeSelect, Text } from "@mantine/core";
import type { GetInputPropsReturnType } from "@mantine/form";
import { strings } from "@/strings";
import { roleName, useRoles } from "./useRoles";

const words = strings.users;

interface RoleSelectProps {
  /** What the form gives for the field. */
  field: GetInputPropsReturnType;
  /** The role at the moment, which is offered also if one may not give it. */
  current?: string;
  hint?: string;
}

/** Chooses one of the roles that one may give, and says what it may do. */
export function RoleSelect({ field, current, hint }: RoleSelectProps) {
  const { list, grants } = useRoles();
  const offered = list.rows.filter(({ role }) => grants.includes(role) || role === current);
  const chosen = offered.find(({ role }) => role === field.value);
  return (
    <div>
      <NativeSelect
        label={words.role}
        description={hint}
        data={offered.map(({ role }) => ({ value: role, label: roleName(role) }))}
        required
        {...field}
      />
      {chosen ? (
        <Text size="xs" c="dimmed" mt={6} role="status">
          {chosen.description}.
        </Text>
      ) : null}
    </div>
  );
}
