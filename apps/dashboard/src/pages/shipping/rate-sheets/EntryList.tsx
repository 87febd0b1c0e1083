import { ActionIcon, Group, Modal, Tooltip } from "@mantine/core";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { strings } from "@/strings";
import { type Column, ConfirmModal, DataTable, ready } from "@/ui";
import { ReasonedButton } from "../shared/ReasonedButton";
import { type Open, type SheetChange, useSheetChange } from "./change";

const words = strings.rateSheets;

interface EntryListProps<T> {
  open: Open;
  caption: string;
  rows: T[];
  columns: Column<T>[];
  idOf: (row: T) => string;
  nameOf: (row: T) => string;
  add: string;
  edit: string;
  empty: { title: string; description?: string };
  removal: { title: string; text: (name: string) => string };
  /** What to send so that an entry is gone. */
  without: (row: T) => SheetChange;
  /** The form for an entry; for a new one when there is none. */
  form: (row: T | null, close: () => void) => ReactNode;
}

/** One of a sheet's lists, with dialogs to add, edit and delete. */
export function EntryList<T>(props: EntryListProps<T>) {
  const { open, rows, columns, idOf, nameOf, add, edit, removal } = props;
  const { mayWrite } = open;
  const [editing, setEditing] = useState<{ row: T | null } | null>(null);
  const [leaving, setLeaving] = useState<T | null>(null);
  const remove = useSheetChange(open, words.deleted, () => setLeaving(null));
  const ask = (row: T) => {
    remove.reset();
    setLeaving(row);
  };
  const actions = (row: T) => (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      <Tooltip label={words.edit}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={words.editNamed(nameOf(row))}
          onClick={() => setEditing({ row })}
        >
          <IconPencil size={16} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={words.remove}>
        <ActionIcon variant="subtle" color="gray" aria-label={words.removeNamed(nameOf(row))} onClick={() => ask(row)}>
          <IconTrash size={16} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
  return (
    <>
      <Group justify="flex-end">
        <ReasonedButton size="xs" reason={mayWrite ? null : words.noWrite} onClick={() => setEditing({ row: null })}>
          {add}
        </ReasonedButton>
      </Group>
      <DataTable
        list={ready(rows)}
        columns={columns}
        rowKey={idOf}
        caption={props.caption}
        empty={props.empty}
        {...(mayWrite ? { actions } : {})}
      />
      <Modal
        opened={editing !== null}
        onClose={() => setEditing(null)}
        title={editing?.row ? edit : add}
        closeButtonProps={{ "aria-label": strings.common.close }}
      >
        {editing ? props.form(editing.row, () => setEditing(null)) : null}
      </Modal>
      <ConfirmModal
        opened={leaving !== null}
        onClose={() => setLeaving(null)}
        title={removal.title}
        confirm={words.remove}
        danger
        onConfirm={() => leaving && remove.mutate(props.without(leaving))}
        loading={remove.isPending}
        error={remove.error}
      >
        {leaving ? removal.text(nameOf(leaving)) : null}
      </ConfirmModal>
    </>
  );
}
