import { type ReactNode, Suspense, useState } from "react";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { focusLater, menuId } from "./focus";
import type { Choice } from "./KeyMenu";
import { KeyDialogs, loadDialogs, ShownSecret } from "./later";
import { KEYS, type Key } from "./model";
import type { Shown } from "./ShownSecret";

const words = strings.keys;

interface KeyActions {
  /** Does what a menu's entry says; `place` is the table that the menu is in. */
  choose: (choice: Choice, row: Key, place: string) => void;
  /** Fetches a key's text again. */
  show: (row: Key) => void;
  /** Shows a text that an answer held. */
  present: (shown: Shown) => void;
  /** Keys that can't be shown again although their time is not over. */
  over: ReadonlySet<string>;
  dialogs: ReactNode;
}

/** What can be done with keys, and the dialogs for it. The focus goes back to the menu, or to `heading` where the key has gone. */
export function useKeyActions(heading: string): KeyActions {
  const [dialog, setDialog] = useState<{ choice: Choice; row: Key; place: string } | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  // Stays, so that the dialog can be seen to close.
  const [hasShown, setHasShown] = useState(false);
  if (shown && !hasShown) setHasShown(true);
  const [origin, setOrigin] = useState(heading);
  const resume = useAction((id: string) => api.post("/api/api-keys/{id}/resume", { params: { path: { id } } }), {
    invalidates: [KEYS],
    done: words.suspend.resumed,
    notifyErrors: true,
  });
  const [over, setOver] = useState<ReadonlySet<string>>(new Set());
  const noMore = ({ id }: Key) => setOver((former) => new Set(former).add(id));
  const fetchText = useAction(
    async (row: Key) => {
      // First what shows it: a text that was fetched counts as read.
      await loadDialogs();
      return await api.get("/api/api-keys/{id}/secret", { params: { path: { id: row.id } } });
    },
    {
      notifyErrors: true,
      onSuccess: ({ data }, row) => {
        if (data.reads_left === 0) noMore(row);
        setShown({ secret: data.key, row, title: words.secret.again(row.name), readsLeft: data.reads_left });
      },
    },
  );
  const choose = (choice: Choice, row: Key, place: string) => {
    setOrigin(menuId(place, row.id));
    if (choice === "resume") resume.mutate(row.id);
    else setDialog({ choice, row, place });
  };
  const close = () => {
    setDialog(null);
    focusLater(origin, heading);
  };
  const gone = () => {
    setDialog(null);
    focusLater(heading);
  };
  const present = (next: Shown) => {
    setDialog(null);
    setShown(next);
  };
  const closeShown = () => {
    if (shown) focusLater(menuId("active", shown.row.id), heading);
    setShown(null);
  };
  return {
    choose,
    present,
    show: (row) => fetchText.mutate(row, { onError: ({ status }) => (status === 410 ? noMore(row) : undefined) }),
    over,
    dialogs: (
      <Suspense>
        {dialog ? (
          <KeyDialogs choice={dialog.choice} row={dialog.row} onClose={close} onGone={gone} onSecret={present} />
        ) : null}
        {hasShown ? <ShownSecret shown={shown} onClose={closeShown} onOver={noMore} /> : null}
      </Suspense>
    ),
  };
}
