import { NumberInput, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { strings } from "@/strings";
import { Section } from "../../shared/Section";
import { LENGTH_UNITS, WEIGHT_UNITS } from "../../shared/wire";
import { CommodityFields } from "./CommodityFields";
import { emptyParcel, type Values } from "./draft";
import { emptyCommodity } from "./extras";
import { FieldRows } from "./FieldRows";

const words = strings.shipments.form;

/** The parcels, one at least, and what is in them. */
export function ParcelFields({ form }: { form: UseFormReturnType<Values> }) {
  const { parcels } = form.values;
  return (
    <Section title={strings.shipments.parcels}>
      <FieldRows
        form={form}
        path="parcels"
        rows={parcels}
        empty={emptyParcel}
        first="weight"
        least={1}
        add={words.addParcel}
        legend={strings.shipments.parcel}
        drop={words.dropParcel}
      >
        {(path, index) => <Parcel form={form} path={path} index={index} />}
      </FieldRows>
    </Section>
  );
}

function Parcel({ form, path, index }: { form: UseFormReturnType<Values>; path: string; index: number }) {
  const field = (name: string) => form.getInputProps(`${path}.${name}`);
  const side = (name: "length" | "width" | "height") => (
    <NumberInput label={words[name]} min={0} hideControls {...field(name)} />
  );
  return (
    <Stack gap="xs">
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm" verticalSpacing="xs">
        <NumberInput label={strings.shipments.weight} required min={0} hideControls {...field("weight")} />
        <Select label={words.weightUnit} data={WEIGHT_UNITS} allowDeselect={false} {...field("weight_unit")} />
        {side("length")}
        {side("width")}
        {side("height")}
        <Select label={words.lengthUnit} data={LENGTH_UNITS} allowDeselect={false} {...field("dimension_unit")} />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="xs">
        <TextInput label={strings.shipments.content} maxLength={100} {...field("content")} />
        <TextInput label={words.parcelReference} maxLength={100} {...field("reference_number")} />
      </SimpleGrid>
      <FieldRows
        form={form}
        path={`${path}.items`}
        rows={form.values.parcels[index]?.items ?? []}
        empty={emptyCommodity}
        first="title"
        add={words.addItem}
        addName={words.addItemTo(index + 1)}
        legend={(number) => words.item(number, index + 1)}
        drop={(number) => words.dropItem(number, index + 1)}
      >
        {(item) => <CommodityFields form={form} path={item} />}
      </FieldRows>
    </Stack>
  );
}
