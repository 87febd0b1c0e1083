import { Button, Group, NumberInput, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { strings } from "@/strings";
import { Section } from "../../shared/Section";
import { LENGTH_UNITS, WEIGHT_UNITS } from "../../shared/wire";
import classes from "./create.module.css";
import { emptyParcel, type Values } from "./draft";

const words = strings.shipments.form;
const MOST = 100;

/** The parcels, one at least. */
export function ParcelFields({ form }: { form: UseFormReturnType<Values> }) {
  const { parcels } = form.values;
  const add = () => {
    form.insertListItem("parcels", emptyParcel(parcels.at(-1)));
    const at = parcels.length;
    requestAnimationFrame(() => requestAnimationFrame(() => form.getInputNode(`parcels.${at}.weight`)?.focus()));
  };
  return (
    <Section title={strings.shipments.parcels}>
      <Stack gap="lg">
        {parcels.map((parcel, index) => (
          <Parcel key={parcel.key} form={form} index={index} removable={parcels.length > 1} />
        ))}
        <Group>
          <Button variant="default" size="xs" onClick={add} disabled={parcels.length >= MOST}>
            {words.addParcel}
          </Button>
        </Group>
      </Stack>
    </Section>
  );
}

interface ParcelProps {
  form: UseFormReturnType<Values>;
  index: number;
  removable: boolean;
}

function Parcel({ form, index, removable }: ParcelProps) {
  const field = (name: string) => form.getInputProps(`parcels.${index}.${name}`);
  const side = (name: "length" | "width" | "height") => (
    <NumberInput label={words[name]} min={0} hideControls {...field(name)} />
  );
  return (
    <fieldset className={classes.parcel}>
      <legend>{strings.shipments.parcel(index + 1)}</legend>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm" verticalSpacing="xs">
        <NumberInput label={strings.shipments.weight} required min={0} hideControls {...field("weight")} />
        <Select label={words.weightUnit} data={WEIGHT_UNITS} allowDeselect={false} {...field("weight_unit")} />
        {side("length")}
        {side("width")}
        {side("height")}
        <Select label={words.lengthUnit} data={LENGTH_UNITS} allowDeselect={false} {...field("dimension_unit")} />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="xs" mt="xs">
        <TextInput label={strings.shipments.content} maxLength={100} {...field("content")} />
        <TextInput label={words.parcelReference} maxLength={100} {...field("reference_number")} />
      </SimpleGrid>
      {removable ? (
        <Group justify="flex-end" mt="xs">
          <Button
            variant="default"
            size="xs"
            onClick={() => form.removeListItem("parcels", index)}
            aria-label={words.dropParcel(index + 1)}
          >
            {words.drop}
          </Button>
        </Group>
      ) : null}
    </fieldset>
  );
}
