import {
  Autocomplete,
  Button,
  Checkbox,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { strings } from "@/strings";
import { BOUNDS, type FieldValues, LENGTHS, TYPES } from "./definition";
import { ListField } from "./ListField";
import type { SchemaValues } from "./SchemaForm";

const words = strings.projects.definitions;

interface DefinitionFieldsProps {
  form: UseFormReturnType<SchemaValues>;
  index: number;
  field: FieldValues;
  /** Objects stand in the schemas of standard objects only. */
  mayNest: boolean;
  /** Names of custom schemas. */
  custom: string[];
  onRemove: () => void;
}

/** The inputs of one field of a schema. */
export function DefinitionFields({ form, index, field, mayNest, custom, onRemove }: DefinitionFieldsProps) {
  const at = (name: string) => form.getInputProps(`fields.${index}.${name}`);
  const check = (name: string) => form.getInputProps(`fields.${index}.${name}`, { type: "checkbox" });
  const types = TYPES.filter((type) => mayNest || type !== "object" || field.type === "object");
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput label={words.name} required maxLength={100} disabled={field.known} {...at("name")} />
        <Select
          label={words.type}
          data={types.map((value) => ({ value, label: words.types[value] }))}
          allowDeselect={false}
          disabled={field.known}
          {...at("type")}
        />
      </SimpleGrid>
      {field.known ? (
        <Text size="xs" c="dimmed">
          {words.fixed}
        </Text>
      ) : null}
      <Group gap="lg">
        <Checkbox label={words.optional} {...check("optional")} />
        <Checkbox label={words.array} {...check("array")} />
      </Group>
      {field.type === "object" ? (
        <Autocomplete
          label={words.objectType}
          description={words.objectTypeHint}
          data={custom}
          {...at("object_type")}
        />
      ) : null}
      {field.type === "string" ? <Amounts names={LENGTHS} at={at} whole /> : null}
      {field.type === "number" ? <Amounts names={BOUNDS} at={at} /> : null}
      {field.type === "string" || field.type === "number" ? (
        <ListField label={words.eq} hint={words.listHint} {...at("eq")} />
      ) : null}
      {field.type === "number" ? <ListField label={words.ne} hint={words.listHint} {...at("ne")} /> : null}
      <Group justify="flex-end">
        <Button size="xs" variant="default" onClick={onRemove}>
          {field.name ? words.remove(field.name) : words.removeUnnamed}
        </Button>
      </Group>
    </Stack>
  );
}

interface AmountsProps {
  names: typeof LENGTHS | typeof BOUNDS;
  at: (name: string) => object;
  whole?: boolean;
}

function Amounts({ names, at, whole = false }: AmountsProps) {
  return (
    <SimpleGrid cols={{ base: 2, xs: names.length }}>
      {names.map((name) => (
        <NumberInput
          key={name}
          label={words.restrictions[name]}
          allowDecimal={!whole}
          allowNegative={!whole}
          decimalScale={2}
          {...at(name)}
        />
      ))}
    </SimpleGrid>
  );
}
