import { useState } from "react";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { ConfirmModal } from "@/ui";

interface RemoveOptions<T> {
  act: (row: T) => Promise<unknown>;
  title: string;
  text: (row: T) => string;
  done: string;
  invalidates: readonly string[];
}

/** A question before something is deleted: `ask` opens it, `modal` belongs into the page. */
export function useRemove<T>({ act, title, text, done, invalidates }: RemoveOptions<T>) {
  const [chosen, setChosen] = useState<T | null>(null);
  const action = useAction(act, { invalidates, done, onSuccess: () => setChosen(null) });
  const modal = (
    <ConfirmModal
      opened={chosen !== null}
      onClose={() => setChosen(null)}
      title={title}
      confirm={strings.projects.remove}
      danger
      onConfirm={() => chosen && action.mutate(chosen)}
      loading={action.isPending}
      error={action.error}
    >
      {chosen ? text(chosen) : ""}
    </ConfirmModal>
  );
  const ask = (row: T) => {
    action.reset();
    setChosen(row);
  };
  return { ask, modal };
}
