import { EditKey } from "./EditKey";
import { KeyDetails } from "./KeyDetails";
import type { Choice } from "./KeyMenu";
import type { Key } from "./model";
import { RevokeKey } from "./RevokeKey";
import { RotateKey } from "./RotateKey";
import type { Shown } from "./ShownSecret";
import { SuspendKey } from "./SuspendKey";

interface KeyDialogsProps {
  choice: Choice;
  row: Key;
  onClose: () => void;
  /** The key is not where it was. */
  onGone: () => void;
  onSecret: (shown: Shown) => void;
}

/** The dialog that a choice opens. */
export function KeyDialogs({ choice, row, onClose, onGone, onSecret }: KeyDialogsProps) {
  switch (choice) {
    case "details":
      return <KeyDetails row={row} onClose={onClose} />;
    case "edit":
      return <EditKey row={row} onClose={onClose} />;
    case "rotate":
      return <RotateKey row={row} onClose={onClose} onSecret={onSecret} />;
    case "suspend":
      return <SuspendKey row={row} onClose={onClose} />;
    case "revoke":
      return <RevokeKey row={row} onClose={onClose} onRevoked={onGone} />;
    default:
      return null;
  }
}
