import { Button, Code, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { strings } from "@/strings";
import { CopyButton } from "./CopyButton";
import classes from "./SecretModal.module.css";

interface SecretModalProps {
  /** The secret; the dialog is open while there is one. */
  secret: string | null;
  title: string;
  /** What to know about it, as how long it can be shown again. */
  children?: ReactNode;
  onClose: () => void;
}

/** Shows a new secret, to be copied. It closes with its button only: a click beside it must not lose a secret. */
export function SecretModal({ secret, title, children, onClose }: SecretModalProps) {
  return (
    <Modal
      opened={secret !== null}
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      withCloseButton={false}
      size="lg"
    >
      <Stack gap="md">
        <Text size="sm">{strings.common.secretOnce}</Text>
        <Code block className={classes.secret} data-testid="secret">
          {secret}
        </Code>
        {children}
        <Group justify="flex-end">
          <CopyButton value={secret ?? ""} label={strings.common.copy} />
          <Button variant="default" onClick={onClose}>
            {strings.common.done}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
