import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconEdit, IconHistory, IconSend, IconTrash } from "@tabler/icons-react";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";

const words = strings.projects.hooks;

interface HookMenuProps {
  hook: Schema<"HookView">;
  mayChange: boolean;
  onLog: () => void;
  onTest: () => void;
  onEdit: () => void;
  onRemove: () => void;
}

/** What can be done with a webhook. */
export function HookMenu({ hook, mayChange, onLog, onTest, onEdit, onRemove }: HookMenuProps) {
  return (
    <Menu position="bottom-end" shadow="md" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={words.menu(hook.target_url)}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {hook.active || !mayChange ? null : <Menu.Label>{words.testOff}</Menu.Label>}
        <Menu.Item leftSection={<IconHistory size={16} />} onClick={onLog}>
          {words.log}
        </Menu.Item>
        {mayChange ? (
          <>
            <Menu.Item leftSection={<IconSend size={16} />} disabled={!hook.active} onClick={onTest}>
              {words.test}
            </Menu.Item>
            <Menu.Item leftSection={<IconEdit size={16} />} onClick={onEdit}>
              {strings.projects.edit}
            </Menu.Item>
            <Menu.Item leftSection={<IconTrash size={16} />} color="red" onClick={onRemove}>
              {strings.projects.remove}
            </Menu.Item>
          </>
        ) : null}
      </Menu.Dropdown>
    </Menu>
  );
}
