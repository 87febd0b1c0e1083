import { Tooltip } from "@mantine/core";
import type { ReactElement } from "react";
import { strings } from "@/strings";

/** Says who may make keys, beside a button that somebody else can't use. */
export default function OnlyManagers({ children }: { children: ReactElement }) {
  return (
    <Tooltip label={strings.keys.onlyManagers} events={{ hover: true, focus: true, touch: true }}>
      {children}
    </Tooltip>
  );
}
