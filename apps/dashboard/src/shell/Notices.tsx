import { notificationsStore } from "@mantine/notifications";
import { lazy, Suspense, useEffect, useState } from "react";

const Notifications = lazy(async () => ({ default: (await import("@mantine/notifications")).Notifications }));

/** Milliseconds after which the code of notices is fetched: by then the page is there. */
const CALM = 4000;

/** Where notices appear, from the first one on, or when the page has long been there. */
export function Notices() {
  const [wanted, setWanted] = useState(false);
  useEffect(() => {
    const show = () => setWanted(true);
    const timer = setTimeout(show, CALM);
    const stop = notificationsStore.subscribe(show);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, []);
  return <Suspense>{wanted ? <Notifications position="bottom-right" /> : null}</Suspense>;
}
