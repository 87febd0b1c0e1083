import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";

interface ReasonedButtonProps extends ButtonProps {
  /** Why the button can't be used now; it can when there is none. */
  reason: string | null;
  onClick: () => void;
  children: ReactNode;
}

/** A button that says why it can't be used. It stays in the order of focus then, so that the reason reaches everybody. */
export function ReasonedButton({ reason, onClick, children, ...rest }: ReasonedButtonProps) {
  const off = reason !== null;
  return (
    <Tooltip
      label={reason ?? ""}
      disabled={!off}
      multiline
      maw={280}
      events={{ hover: true, focus: true, touch: true }}
    >
      <Button
        {...rest}
        onClick={() => !off && onClick()}
        aria-disabled={off}
        {...(off ? { "data-disabled": true, "aria-description": reason } : {})}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
