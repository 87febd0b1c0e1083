import { Button, Code, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import type { Loaded, Rows } from "@/api/hooks";
import { strings } from "@/strings";
import { type Column, DataTable, ErrorAlert } from "@/ui";
import { PROJECTS } from "../useProject";
import { useRemove } from "../useRemove";
import classes from "./schema.module.css";

const words = strings.projects.schemas;

interface SchemaTableProps<Row> {
  list: Rows<Row>;
  columns: Column<Row>[];
  nameOf: (row: Row) => string;
  mayChange: boolean;
  remove: (row: Row) => Promise<unknown>;
  words: { add: string; caption: string; empty: string; emptyText: string };
  /** The form of a schema; of a new one without. */
  form: (row: Row | null, onDone: () => void) => ReactNode;
}

/** A project's schemas of one kind, with the dialogs that make, change and remove them. */
export function SchemaTable<Row extends { id: string }>(props: SchemaTableProps<Row>) {
  const { list, columns, nameOf, mayChange, words: own, form } = props;
  const [chosen, setChosen] = useState<Row | "new" | null>(null);
  const close = () => setChosen(null);
  const remove = useRemove<Row>({
    act: props.remove,
    title: words.removeTitle,
    text: (row) => words.removeText(nameOf(row)),
    done: words.removed,
    invalidates: [PROJECTS],
  });
  const actions = (row: Row) => (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      <Button size="xs" variant="default" onClick={() => setChosen(row)} aria-label={words.editTitle(nameOf(row))}>
        {strings.projects.edit}
      </Button>
      <Button size="xs" variant="default" onClick={() => remove.ask(row)} aria-label={words.removeOf(nameOf(row))}>
        {strings.projects.remove}
      </Button>
    </Group>
  );
  return (
    <Stack gap="md" align="stretch">
      <Group justify="flex-end">
        <Button disabled={!mayChange} onClick={() => setChosen("new")}>
          {own.add}
        </Button>
      </Group>
      <DataTable
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        caption={own.caption}
        empty={{ title: own.empty, description: own.emptyText }}
        {...(mayChange ? { actions } : {})}
      />
      <Modal
        opened={chosen !== null}
        onClose={close}
        size="lg"
        closeOnClickOutside={false}
        title={chosen === "new" || !chosen ? own.add : words.editTitle(nameOf(chosen))}
        closeButtonProps={{ "aria-label": strings.common.close }}
      >
        {chosen ? form(chosen === "new" ? null : chosen, close) : null}
      </Modal>
      {remove.modal}
    </Stack>
  );
}

/** A schema as it is now, for a form that must not undo somebody else's change. */
export function Current<T>({ loaded, children }: { loaded: Loaded<T>; children: (schema: T) => ReactNode }) {
  const { data, error, refetch } = loaded;
  if (error) return <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={refetch} />;
  if (!data) return <Skeleton height={240} role="status" aria-label={strings.common.loading} />;
  return children(data);
}

interface FieldListProps<Field> {
  of: Record<string, Field>;
  summary: (field: Field) => string;
}

/** The fields of a schema, each in one line. */
export function FieldList<Field extends { deleted?: boolean | null }>({ of, summary }: FieldListProps<Field>) {
  const shown = Object.entries(of).filter(([, { deleted }]) => !deleted);
  if (shown.length === 0) return <Text size="sm">{words.noFields}</Text>;
  return (
    <ul className={classes.fields}>
      {shown.map(([name, field]) => (
        <li key={name}>
          <Text size="sm" component="span">
            <Code>{name}</Code> {summary(field)}
          </Text>
        </li>
      ))}
    </ul>
  );
}
