import { ActionIcon } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { strings } from "@/strings";
import { lazyMenu } from "@/ui/lazy-menu";
import { menuId } from "./focus";
import type { Key } from "./model";

export type Choice = "details" | "edit" | "rotate" | "suspend" | "resume" | "revoke";

interface KeyMenuProps {
  row: Key;
  /** The table that it is in. */
  place: string;
  onChoose: (choice: Choice) => void;
}

const Items = lazyMenu(() => import("./KeyMenuItems"));

/** The button for what can be done with a key. */
export function KeyMenu({ row, place, onChoose }: KeyMenuProps) {
  return (
    <Items
      row={row}
      onChoose={onChoose}
      target={
        <ActionIcon
          data-focus={menuId(place, row.id)}
          variant="subtle"
          color="gray"
          aria-label={strings.keys.menu(row.name)}
        >
          <IconDots size={18} />
        </ActionIcon>
      }
    />
  );
}
