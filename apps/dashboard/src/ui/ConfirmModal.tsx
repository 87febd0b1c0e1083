import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { strings } from "@/strings";
import { ErrorAlert } from "./ErrorAlert";

interface ConfirmModalProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What happens, and to what: name it. */
  children: ReactNode;
  /** The verb of what happens: `Revoke key`. */
  confirm: string;
  onConfirm: () => void;
  loading?: boolean;
  error?: unknown;
  /** Red, for what can't be undone. */
  danger?: boolean;
  /** A text that has to be typed first. */
  typed?: string;
}

/** Asks before something happens. */
export function ConfirmModal(props: ConfirmModalProps) {
  const { opened, onClose, title, children, confirm, onConfirm, loading = false, error, danger = false, typed } = props;
  const [text, setText] = useState("");
  useEffect(() => {
    if (!opened) setText("");
  }, [opened]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onConfirm();
  };
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ "aria-label": strings.common.close }}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <Text size="sm" component="div">
            {children}
          </Text>
          {typed ? (
            <TextInput
              label={strings.common.typeToConfirm(typed)}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              autoComplete="off"
              data-autofocus
            />
          ) : null}
          <ErrorAlert error={error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {strings.common.cancel}
            </Button>
            <Button
              type="submit"
              color={danger ? "red.8" : ""}
              loading={loading}
              disabled={typed !== undefined && text.trim() !== typed}
            >
              {confirm}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
