import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { ConfirmModal } from "@/ui";
import { KEYS, type Key, masked } from "./model";

const words = strings.keys.suspend;

/** Pauses a key. */
export function SuspendKey({ row, onClose }: { row: Key; onClose: () => void }) {
  const suspend = useAction(() => api.post("/api/api-keys/{id}/suspend", { params: { path: { id: row.id } } }), {
    invalidates: [KEYS],
    done: words.done,
    onSuccess: onClose,
  });
  return (
    <ConfirmModal
      opened
      onClose={onClose}
      title={words.title(row.name)}
      confirm={words.submit}
      onConfirm={() => suspend.mutate()}
      loading={suspend.isPending}
      error={suspend.error}
    >
      {words.text(masked(row))}
    </ConfirmModal>
  );
}
