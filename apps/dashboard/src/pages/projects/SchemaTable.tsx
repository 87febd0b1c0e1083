import { Button, Checkbox, Code, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { type Rows, useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable, FormErrors } from "@/ui";
import { PROJECTS } from "./useProject";
import { useRemove } from "./useRemove";

const words = strings.projects.schemas;

interface Row {
  id: string;
  name: string;
  properties: Record<string, { type: string; optional: boolean; deleted?: boolean | null }>;
}

export interface Field {
  field: string;
  type: string;
  optional: boolean;
}

interface SchemaTableProps {
  list: Rows<Row>;
  mayChange: boolean;
  types: string[];
  caption: string;
  nameLabel: string;
  addLabel: string;
  empty: { title: string; description: string };
  create: (name: string, field: Field) => Promise<unknown>;
  extend: (id: string, field: Field) => Promise<unknown>;
  remove: (id: string) => Promise<unknown>;
}

/** Schemas with their fields. */
export function SchemaTable(props: SchemaTableProps) {
  const { list, mayChange, caption, nameLabel, addLabel, empty } = props;
  const [chosen, setChosen] = useState<Row | "new" | null>(null);
  const remove = useRemove<Row>({
    act: ({ id }) => props.remove(id),
    title: words.removeTitle,
    text: ({ name }) => words.removeText(name),
    done: words.removed,
    invalidates: [PROJECTS],
  });
  return (
    <Stack gap="md" align="stretch">
      <Group justify="flex-end">
        <Button disabled={!mayChange} onClick={() => setChosen("new")}>
          {addLabel}
        </Button>
      </Group>
      <DataTable
        list={list}
        columns={[
          { key: "name", header: nameLabel, cell: ({ name }) => <Text size="sm">{name}</Text> },
          { key: "fields", header: words.fields, cell: ({ properties }) => <Fields of={properties} /> },
        ]}
        rowKey={({ id }) => id}
        caption={caption}
        empty={empty}
        actions={(row) =>
          mayChange ? (
            <Group gap="xs" justify="flex-end">
              <Button size="xs" variant="default" onClick={() => setChosen(row)}>
                {words.addField}
              </Button>
              <Button size="xs" variant="default" onClick={() => remove.ask(row)}>
                {strings.projects.remove}
              </Button>
            </Group>
          ) : null
        }
      />
      <Modal
        opened={chosen !== null}
        onClose={() => setChosen(null)}
        title={chosen === "new" || !chosen ? addLabel : words.editTitle(chosen.name)}
        closeButtonProps={{ "aria-label": strings.common.close }}
      >
        <FieldForm {...props} row={chosen === "new" ? null : chosen} onDone={() => setChosen(null)} />
      </Modal>
      {remove.modal}
    </Stack>
  );
}

function Fields({ of }: { of: Row["properties"] }) {
  return Object.entries(of)
    .filter(([, { deleted }]) => !deleted)
    .map(([name, { type, optional }]) => (
      <Text key={name} size="sm" component="div">
        <Code>{name}</Code> {type}, {(optional ? words.optional : words.required).toLowerCase()}
      </Text>
    ));
}

function FieldForm(props: SchemaTableProps & { row: Row | null; onDone: () => void }) {
  const { row, types, nameLabel, onDone, create, extend } = props;
  const form = useForm({ initialValues: { name: "", field: "", type: "string", optional: true } });
  const save = useAction(
    ({ name, ...field }: typeof form.values) => (row ? extend(row.id, field) : create(name, field)),
    { invalidates: [PROJECTS], done: strings.projects.saved, onSuccess: onDone },
  );
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack gap="sm">
        {row ? null : (
          <TextInput label={nameLabel} required maxLength={100} data-autofocus {...form.getInputProps("name")} />
        )}
        <TextInput label={words.field} required {...form.getInputProps("field")} />
        <Select
          label={strings.projects.templates.type}
          data={types}
          allowDeselect={false}
          {...form.getInputProps("type")}
        />
        <Checkbox label={words.optional} {...form.getInputProps("optional", { type: "checkbox" })} />
        <FormErrors form={form} error={save.error} aliases={{ related_object: "name" }} />
        <Button type="submit" loading={save.isPending}>
          {strings.common.save}
        </Button>
      </Stack>
    </form>
  );
}
