import { Anchor, VisuallyHidden } from "@mantine/core";
import { useLimits, useManagesKeys, useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { useNow } from "@/ui";
import { clock, type Key, windowLeft } from "./model";

const words = strings.keys.secret;

/** Whether the signed-in person may fetch a key's text: who made it, or an owner. */
export function useMayShow(): (row: Key) => boolean {
  const { user, role } = useMe();
  const manages = useManagesKeys();
  return (row) => manages && (role === "owner" || row.created_by === user.id);
}

/** The remaining time in which a new key can be shown again, as a button that does it. Nothing afterwards. */
export function ShowAgain({ row, onClick }: { row: Key; onClick: () => void }) {
  const may = useMayShow();
  const { reveal_window_seconds } = useLimits();
  if (!may(row) || windowLeft(row, reveal_window_seconds, Date.now()) === 0) return null;
  return <Countdown row={row} onClick={onClick} />;
}

function Countdown({ row, onClick }: { row: Key; onClick: () => void }) {
  const left = windowLeft(row, useLimits().reveal_window_seconds, useNow(1000));
  if (left === 0) return null;
  return (
    <Anchor component="button" type="button" size="xs" className="tabular" onClick={onClick}>
      {words.left(clock(left))}
      <VisuallyHidden>: {row.name}</VisuallyHidden>
    </Anchor>
  );
}
