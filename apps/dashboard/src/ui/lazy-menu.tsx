import {
  type ComponentPropsWithRef,
  type ComponentType,
  cloneElement,
  lazy,
  type ReactElement,
  Suspense,
  useState,
} from "react";

/** The button that opens a menu. */
export type MenuButton = ReactElement<ComponentPropsWithRef<"button">>;

/**
 * A button whose menu, with its code, is made when it is first pressed: a page with a menu in every row is there much sooner. The component that
 * `load` brings renders an `OpenedMenu` around the button.
 */
export function lazyMenu<P extends object>(
  load: () => Promise<{ default: ComponentType<P & { target: MenuButton }> }>,
) {
  const Opened = lazy(load) as unknown as ComponentType<P & { target: MenuButton }>;
  // What can't be fetched now is fetched when the button is pressed.
  const prepare = () => void load().catch(() => undefined);
  return function LazyMenu({ target, ...props }: P & { target: MenuButton }) {
    const [pressed, setPressed] = useState(false);
    const closed = cloneElement(target, {
      "aria-haspopup": "menu",
      "aria-expanded": false,
      onClick: () => setPressed(true),
      onPointerEnter: prepare,
      onFocus: prepare,
    });
    if (!pressed) return closed;
    return (
      <Suspense fallback={closed}>
        <Opened {...(props as P)} target={target} />
      </Suspense>
    );
  };
}
