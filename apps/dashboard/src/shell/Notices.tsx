import { notificationsStore } from "@mantine/notifications";
import { type ComponentType, useEffect, useState } from "react";

type Area = ComponentType<{ position: "bottom-right" }>;

/** Milliseconds after which the code of notices is fetched: by then the page is there. */
const CALM = 4000;

/**
 * Where notices appear, from the first one on, or when the page has long been there. Without a network their code can't be fetched: the page goes
 * on without them, and what was to be said is shown when the network is back.
 */
export function Notices() {
  const [Shown, setShown] = useState<Area | null>(null);
  useEffect(() => {
    let gone = false;
    const fetchCode = () => {
      import("@mantine/notifications").then(
        ({ Notifications }) => gone || setShown(() => Notifications),
        () => undefined,
      );
    };
    const timer = setTimeout(fetchCode, CALM);
    const stop = notificationsStore.subscribe(fetchCode);
    window.addEventListener("online", fetchCode);
    return () => {
      gone = true;
      clearTimeout(timer);
      stop();
      window.removeEventListener("online", fetchCode);
    };
  }, []);
  return Shown && <Shown position="bottom-right" />;
}
