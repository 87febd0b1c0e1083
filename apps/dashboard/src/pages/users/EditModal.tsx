import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { useMe } from "@/auth/hooks";
import { reloadMe } from "@/auth/session";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";
import { RoleSelect } from "./RoleSelect";

const words = strings.users;
type Person = Schema<"PersonView">;

/** A dialog to change a member; open while there is one. */
export function EditModal({ person, onClose }: { person: Person | null; onClose: () => void }) {
  return (
    <Modal
      opened={person !== null}
      onClose={onClose}
      title={words.editTitle(person?.name || person?.email || "")}
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      {person ? <EditForm person={person} onClose={onClose} /> : null}
    </Modal>
  );
}

function EditForm({ person, onClose }: { person: Person; onClose: () => void }) {
  const me = useMe();
  const form = useForm({ initialValues: { name: person.name, email: person.email, role: person.role } });
  const save = useAction(
    ({ name, email, role }: typeof form.values) => {
      // Only what is new: each field takes rights of its own.
      const body: Schema<"UpdateUser"> = {};
      if (name.trim() !== person.name) body.name = name.trim();
      if (email.trim() !== person.email) body.email = email.trim();
      if (role !== person.role) body.role = role;
      return api.patch("/v1/management/users/{id}", { params: { path: { id: person.id } }, body });
    },
    {
      invalidates: ["/v1/management/users"],
      done: words.saved,
      onSuccess: () => {
        onClose();
        if (person.id === me.user.id) void reloadMe();
      },
    },
  );
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="md">
        <TextInput label={words.name} maxLength={120} data-autofocus {...form.getInputProps("name")} />
        <TextInput label={words.email} description={words.emailHint} type="email" {...form.getInputProps("email")} />
        <RoleSelect field={form.getInputProps("role")} current={person.role} hint={words.roleHint} />
        <FormErrors form={form} error={save.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {strings.common.cancel}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
            {strings.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
