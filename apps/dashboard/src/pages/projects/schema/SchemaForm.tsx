import { Accordion, Autocomplete, Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";
import { PROJECTS } from "../useProject";
import { DefinitionFields } from "./DefinitionFields";
import {
  aliasesOf,
  emptyField,
  type FieldValues,
  faultsOf,
  fromDefinition,
  isSame,
  STANDARD,
  summary,
  toDefinition,
} from "./definition";
import { RemovedFields } from "./RemovedFields";
import classes from "./schema.module.css";

type MetadataSchema = Schema<"SchemaView">;

const words = strings.projects.definitions;
const LIST = "/management/v1/projects/{projectId}/metadata-schemas";

export type SchemaValues = {
  related_object: string;
  allow_defined_only: boolean;
  fields: FieldValues[];
};

interface SchemaFormProps {
  projectId: string;
  /** The schema to change; a new one without. */
  schema: MetadataSchema | null;
  etag?: string | null;
  /** The names of all schemas of the project. */
  names: string[];
  onDone: () => void;
}

function valuesOf(schema: MetadataSchema | null): SchemaValues {
  if (!schema) return { related_object: "", allow_defined_only: false, fields: [emptyField()] };
  const { related_object, allow_defined_only, properties } = schema;
  const fields = Object.entries(properties).map(([name, definition]) => fromDefinition(name, definition));
  return { related_object, allow_defined_only, fields };
}

/** Makes or changes a metadata schema with all its fields. */
export function SchemaForm({ projectId, schema, etag = null, names, onDone }: SchemaFormProps) {
  const [start] = useState(() => valuesOf(schema));
  const form = useForm<SchemaValues>({ initialValues: start, validate: ({ fields }) => faultsOf(fields) });
  const { fields, related_object } = form.values;
  const [opened, setOpened] = useState<string[]>(schema ? [] : start.fields.map(({ key }) => key));
  const save = useAction(
    (values: SchemaValues) => {
      const before = new Map(start.fields.map((field) => [field.key, field]));
      const changed = values.fields.filter((field) => {
        const former = before.get(field.key);
        return !schema || !former || !isSame(former, field);
      });
      const properties = Object.fromEntries(changed.map((field) => [field.name.trim(), toDefinition(field)]));
      const body = { properties, allow_defined_only: values.allow_defined_only };
      if (!schema) {
        return api.post(LIST, {
          params: { path: { projectId } },
          body: { ...body, related_object: values.related_object.trim() },
        });
      }
      const params = { path: { projectId, metadataSchemaId: schema.id } };
      return api.put(`${LIST}/{metadataSchemaId}`, { params, body }, { ifMatch: etag });
    },
    { invalidates: [PROJECTS], done: strings.projects.saved, onSuccess: onDone },
  );
  const mayNest = STANDARD.includes(related_object.trim());
  const custom = names.filter((name) => !STANDARD.includes(name) && name !== schema?.related_object);
  const wrong = fields.flatMap(({ key }, index) =>
    Object.keys(form.errors).some((path) => path.startsWith(`fields.${index}.`)) ? [key] : [],
  );
  const remove = (index: number) => {
    if (fields[index]?.known) form.setFieldValue(`fields.${index}.deleted`, true);
    else form.removeListItem("fields", index);
  };
  const add = () => {
    const field = emptyField();
    form.insertListItem("fields", field);
    setOpened([...opened, field.key]);
    // The input is there after the next paint.
    const at = fields.length;
    requestAnimationFrame(() => requestAnimationFrame(() => form.getInputNode(`fields.${at}.name`)?.focus()));
  };
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="md">
        {schema ? null : (
          <Autocomplete
            label={words.object}
            description={words.objectHint}
            data={STANDARD.filter((name) => !names.includes(name))}
            required
            maxLength={100}
            openOnFocus={false}
            data-autofocus
            {...form.getInputProps("related_object")}
          />
        )}
        <Checkbox
          label={words.definedOnly}
          description={words.definedOnlyHint}
          {...form.getInputProps("allow_defined_only", { type: "checkbox" })}
        />
        <Accordion
          multiple
          variant="separated"
          value={[...new Set([...opened, ...wrong])]}
          onChange={(next) => setOpened(next)}
          order={3}
        >
          {fields.map((field, index) =>
            field.deleted ? null : (
              <Accordion.Item key={field.key} value={field.key}>
                <Accordion.Control>
                  <Text size="sm" fw={550} className={classes.name ?? ""}>
                    {field.name || words.unnamed}
                  </Text>
                  <Text size="xs" c="dimmed" className={classes.name ?? ""}>
                    {summary(toDefinition(field))}
                  </Text>
                </Accordion.Control>
                <Accordion.Panel>
                  <DefinitionFields
                    form={form}
                    index={index}
                    field={field}
                    mayNest={mayNest}
                    custom={custom}
                    onRemove={() => remove(index)}
                  />
                </Accordion.Panel>
              </Accordion.Item>
            ),
          )}
        </Accordion>
        <RemovedFields fields={fields} onRestore={(index) => form.setFieldValue(`fields.${index}.deleted`, false)} />
        <FormErrors
          form={form}
          error={save.error}
          aliases={aliasesOf(Object.keys(save.error?.details ?? {}), fields)}
        />
        <Group justify="space-between">
          <Button variant="default" onClick={add}>
            {words.add}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={schema !== null && !form.isDirty()}>
            {strings.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
