import { Button, Checkbox, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";
import { PROJECTS } from "../useProject";
import {
  ATTRIBUTE_TYPES,
  type AttributeValues,
  attributeAliases,
  changed,
  emptyAttribute,
  fromAttribute,
} from "./attribute";
import { nameFaults } from "./definition";
import { RemovedFields } from "./RemovedFields";
import classes from "./schema.module.css";

type EventSchema = Schema<"EventSchemaView">;

const words = strings.projects.definitions;
const LIST = "/management/v1/projects/{projectId}/custom-event-schemas";

type EventValues = {
  name: string;
  fields: AttributeValues[];
};

interface EventSchemaFormProps {
  projectId: string;
  /** The schema to change; a new one without. */
  schema: EventSchema | null;
  etag?: string | null;
  onDone: () => void;
}

function valuesOf(schema: EventSchema | null): EventValues {
  if (!schema) return { name: "", fields: [emptyAttribute()] };
  const fields = Object.entries(schema.schema.properties).map(([name, each]) => fromAttribute(name, each));
  return { name: schema.name, fields };
}

/** Makes or changes an event schema with all its attributes. */
export function EventSchemaForm({ projectId, schema, etag = null, onDone }: EventSchemaFormProps) {
  const [start] = useState(() => valuesOf(schema));
  const form = useForm<EventValues>({ initialValues: start, validate: ({ fields }) => nameFaults(fields) });
  const { fields } = form.values;
  const save = useAction(
    ({ name, fields: now }: EventValues) => {
      const body = { schema: { properties: changed(start.fields, now) } };
      if (!schema) return api.post(LIST, { params: { path: { projectId } }, body: { ...body, name: name.trim() } });
      const params = { path: { projectId, customEventSchemaId: schema.id } };
      return api.put(`${LIST}/{customEventSchemaId}`, { params, body }, { ifMatch: etag });
    },
    { invalidates: [PROJECTS], done: strings.projects.saved, onSuccess: onDone },
  );
  const add = () => {
    const at = fields.length;
    form.insertListItem("fields", emptyAttribute());
    // The input is there after the next paint.
    requestAnimationFrame(() => requestAnimationFrame(() => form.getInputNode(`fields.${at}.name`)?.focus()));
  };
  const remove = (index: number) => {
    if (fields[index]?.known) form.setFieldValue(`fields.${index}.deleted`, true);
    else form.removeListItem("fields", index);
  };
  const aliases = attributeAliases(Object.keys(save.error?.details ?? {}), fields);
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="md">
        {schema ? null : (
          <TextInput
            label={strings.projects.schemas.event}
            description={words.eventHint}
            required
            maxLength={100}
            data-autofocus
            {...form.getInputProps("name")}
          />
        )}
        {fields.map((field, index) =>
          field.deleted ? null : (
            <AttributeFields key={field.key} form={form} index={index} field={field} onRemove={() => remove(index)} />
          ),
        )}
        <RemovedFields fields={fields} onRestore={(index) => form.setFieldValue(`fields.${index}.deleted`, false)} />
        <FormErrors form={form} error={save.error} aliases={aliases} />
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

interface AttributeFieldsProps {
  form: UseFormReturnType<EventValues>;
  index: number;
  field: AttributeValues;
  onRemove: () => void;
}

function AttributeFields({ form, index, field, onRemove }: AttributeFieldsProps) {
  const at = (name: string) => form.getInputProps(`fields.${index}.${name}`);
  const name = field.name.trim();
  return (
    <fieldset className={classes.attribute} aria-label={name || words.unnamed}>
      <div className={classes.attributeRow}>
        {field.known ? (
          <Text size="sm" fw={550} className={classes.name ?? ""}>
            {name}
          </Text>
        ) : (
          <TextInput label={words.name} required maxLength={100} {...at("name")} />
        )}
        <Select
          label={words.type}
          data={ATTRIBUTE_TYPES.map((value) => ({ value, label: words.types[value] }))}
          allowDeselect={false}
          {...at("type")}
        />
      </div>
      <Group justify="space-between" mt="sm">
        <Checkbox label={words.optional} {...form.getInputProps(`fields.${index}.optional`, { type: "checkbox" })} />
        <Button size="xs" variant="default" onClick={onRemove}>
          {name ? words.remove(name) : words.removeUnnamed}
        </Button>
      </Group>
    </fieldset>
  );
}
