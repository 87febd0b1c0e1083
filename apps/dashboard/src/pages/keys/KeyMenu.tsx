import { ActionIcon, Menu } from "@mantine/core";
import {
  IconDots,
  IconEdit,
  IconInfoCircle,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconTrash,
} from "@tabler/icons-react";
import { useManagesKeys } from "@/auth/hooks";
import { strings } from "@/strings";
import { menuId } from "./focus";
import { hasEnded, type Key } from "./model";

const words = strings.keys;

export type Choice = "details" | "edit" | "rotate" | "suspend" | "resume" | "revoke";

interface KeyMenuProps {
  row: Key;
  /** The table that it is in. */
  place: string;
  onChoose: (choice: Choice) => void;
}

/** What can be done with a key. Those who may not change keys can look at it. */
export function KeyMenu({ row, place, onChoose }: KeyMenuProps) {
  const manages = useManagesKeys();
  const alive = !hasEnded(row);
  return (
    <Menu position="bottom-end" width={190} withinPortal>
      <Menu.Target>
        <ActionIcon data-focus={menuId(place, row.id)} variant="subtle" color="gray" aria-label={words.menu(row.name)}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconInfoCircle size={16} />} onClick={() => onChoose("details")}>
          {words.actions.details}
        </Menu.Item>
        {alive && manages ? <Changes row={row} onChoose={onChoose} /> : null}
      </Menu.Dropdown>
    </Menu>
  );
}

function Changes({ row, onChoose }: { row: Key; onChoose: (choice: Choice) => void }) {
  return (
    <>
      <Menu.Item leftSection={<IconEdit size={16} />} onClick={() => onChoose("edit")}>
        {words.actions.edit}
      </Menu.Item>
      <Menu.Item leftSection={<IconRefresh size={16} />} onClick={() => onChoose("rotate")}>
        {words.actions.rotate}
      </Menu.Item>
      {row.status === "suspended" ? (
        <Menu.Item leftSection={<IconPlayerPlay size={16} />} onClick={() => onChoose("resume")}>
          {words.actions.resume}
        </Menu.Item>
      ) : (
        <Menu.Item leftSection={<IconPlayerPause size={16} />} onClick={() => onChoose("suspend")}>
          {words.actions.suspend}
        </Menu.Item>
      )}
      <Menu.Divider />
      <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => onChoose("revoke")}>
        {words.actions.revoke}
      </Menu.Item>
    </>
  );
}
