import { Menu, type MenuProps } from "@mantine/core";
import { cloneElement, type ReactElement, type ReactNode, useEffect, useRef, useState } from "react";
import type { MenuButton } from "./lazy-menu";

interface OpenedMenuProps extends Pick<MenuProps, "position" | "width" | "shadow"> {
  target: MenuButton;
  children: ReactNode;
}

/** The menu of a button that `lazyMenu` has made; it opens at once, and gives the focus back to the button. */
export function OpenedMenu({ target, children, ...menu }: OpenedMenuProps): ReactElement {
  const button = useRef<HTMLButtonElement>(null);
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    // The button that was pressed has been replaced by this one.
    button.current?.focus({ preventScroll: true });
    setOpened(true);
  }, []);
  return (
    <Menu opened={opened} onChange={setOpened} {...menu}>
      <Menu.Target>{cloneElement(target, { ref: button })}</Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}
