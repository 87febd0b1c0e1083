import { Menu } from "@mantine/core";
import { IconEdit, IconInfoCircle, IconPlayerPause, IconPlayerPlay, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useManagesKeys } from "@/auth/hooks";
import { strings } from "@/strings";
import type { MenuButton } from "@/ui/lazy-menu";
import { OpenedMenu } from "@/ui/OpenedMenu";
import type { Choice } from "./KeyMenu";
import { hasEnded, type Key } from "./model";

const words = strings.keys;

interface KeyMenuItemsProps {
  row: Key;
  onChoose: (choice: Choice) => void;
  target: MenuButton;
}

/** What can be done with a key. Those who may not change keys can look at it. */
export default function KeyMenuItems({ row, onChoose, target }: KeyMenuItemsProps) {
  const manages = useManagesKeys();
  const alive = !hasEnded(row);
  return (
    <OpenedMenu target={target} position="bottom-end" width={190}>
      <Menu.Item leftSection={<IconInfoCircle size={16} />} onClick={() => onChoose("details")}>
        {words.actions.details}
      </Menu.Item>
      {alive && manages ? <Changes row={row} onChoose={onChoose} /> : null}
    </OpenedMenu>
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
