/** Moves the focus to an element after a dialog has closed, since what opened it, as an entry of a menu, may be gone. */
export function focusLater(id: string, otherwise?: string): void {
  setTimeout(() => {
    const target = document.getElementById(id) ?? (otherwise ? document.getElementById(otherwise) : null);
    target?.focus({ preventScroll: true });
  }, 60);
}

export const menuId = (key: string) => `menu-${key}`;
export const ACTIVE_HEADING = "active-keys";
