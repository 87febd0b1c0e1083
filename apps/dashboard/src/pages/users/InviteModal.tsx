import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";
import { RoleSelect } from "./RoleSelect";

const words = strings.users;

interface InviteModalProps {
  opened: boolean;
  onClose: () => void;
  onInvited: (invitation: Schema<"InvitationCreated">) => void;
}

/** A dialog to invite somebody. */
export function InviteModal(props: InviteModalProps) {
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={words.inviteTitle}
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      <InviteForm {...props} />
    </Modal>
  );
}

function InviteForm({ onClose, onInvited }: InviteModalProps) {
  const form = useForm({ initialValues: { email: "", name: "", role: "member" } });
  const invite = useAction(
    ({ email, name, role }: typeof form.values) =>
      api.post("/v1/management/invitations", {
        body: { email: email.trim(), name: name.trim() || null, role },
      }),
    {
      invalidates: ["/v1/management/invitations", "/v1/management/users"],
      onSuccess: (invitation) => {
        onClose();
        onInvited(invitation);
      },
    },
  );
  return (
    <form onSubmit={form.onSubmit((values) => invite.mutate(values))} noValidate>
      <Stack gap="md">
        <TextInput
          label={words.email}
          type="email"
          autoComplete="off"
          required
          data-autofocus
          {...form.getInputProps("email")}
        />
        <TextInput
          label={`${words.name} (${strings.common.optional})`}
          autoComplete="off"
          maxLength={120}
          {...form.getInputProps("name")}
        />
        <RoleSelect field={form.getInputProps("role")} />
        <FormErrors form={form} error={invite.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {strings.common.cancel}
          </Button>
          <Button type="submit" loading={invite.isPending}>
            {words.inviteConfirm}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
