import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { CopyButton } from "@/ui";

const words = strings.organization;

interface OwnerLinkModalProps {
  /** The new organization; the dialog is open while there is one. */
  made: Schema<"OrganizationCreated"> | null;
  onClose: () => void;
}

/** Shows the link with which the owner of a new organization accepts. It closes with its button only: the link can't be shown again. */
export function OwnerLinkModal({ made, onClose }: OwnerLinkModalProps) {
  const url = made?.invitation.url;
  return (
    <Modal
      opened={made !== null}
      onClose={onClose}
      title={words.linkTitle}
      size="lg"
      closeOnClickOutside={false}
      withCloseButton={false}
    >
      <Stack gap="md">
        <Text size="sm">{url ? words.linkText(made.invitation.email) : words.linkMissing}</Text>
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
