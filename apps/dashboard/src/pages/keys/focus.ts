/** Moves the focus to an element after a dialog has closed, since what opened it, as an entry of a menu, may be gone. */
export function focusLater(id: string, otherwise?: string): void {
  setTimeout(() => {
    const target = document.getElementById(id) ?? (otherwise ? document.getElementById(otherwise) : null);
    target?.focus({ preventScroll: true });
  }, 60);
}

/** The id of a key's menu button in one of the tables that show the key. */
export const menuId = (place: string, key: string) => `menu-${place}-${key}`;
export const ACTIVE_HEADING = "active-keys";
