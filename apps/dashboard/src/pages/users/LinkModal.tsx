import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { CopyButton } from "@/ui";

const words = strings.users;

interface LinkModalProps {
  /** The new invitation; the dialog is open while there is one. */
  invitation: Pick<Schema<"InvitationCreated">, "email" | "url"> | null;
  onClose: () => void;
}

/** Shows an invitation's link, to be copied. It closes with its button only: the link can't be shown again. */
export function LinkModal({ invitation, onClose }: LinkModalProps) {
  const url = invitation?.url;
  return (
    <Modal
      opened={invitation !== null}
      onClose={onClose}
      title={words.linkTitle}
      size="lg"
      closeOnClickOutside={false}
      withCloseButton={false}
    >
      <Stack gap="md">
        <Text size="sm">{url ? words.linkText(invitation.email) : words.linkMissing}</Text>
        {url ? (
          <TextInput label={words.link} value={url} readOnly onFocus={(event) => event.currentTarget.select()} />
        ) : null}
        <Group justify="flex-end" gap="xs">
          {url ? <CopyButton value={url} label={words.copyLink} /> : null}
          <Button variant="default" onClick={onClose}>
            {strings.common.done}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
