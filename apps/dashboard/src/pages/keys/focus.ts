/** Moves the focus to an element after a dialog has closed, since what opened it, as an entry of a menu, may be gone. */
export function focusLater(id: string, otherwise?: string): void {
  setTimeout(() => {
    const target = find(id) ?? (otherwise ? find(otherwise) : null);
    target?.focus({ preventScroll: true });
  }, 60);
}

/** A menu's button has an id of the menu's own, so it is found by an attribute. */
const find = (id: string) =>
  document.getElementById(id) ?? document.querySelector<HTMLElement>(`[data-focus="${CSS.escape(id)}"]`);

/** The name of a key's menu button in one of the tables that show the key. */
export const menuId = (place: string, key: string) => `menu-${place}-${key}`;
export const ACTIVE_HEADING = "active-keys";
