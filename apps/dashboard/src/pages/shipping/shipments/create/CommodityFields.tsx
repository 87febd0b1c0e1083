import { NumberInput, Select, SimpleGrid, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { strings } from "@/strings";
import { WEIGHT_UNITS } from "../../shared/wire";
import type { Values } from "./draft";

const words = strings.shipments.form;

/** One kind of goods: what customs are told of, or an item in a parcel. */
export function CommodityFields({ form, path }: { form: UseFormReturnType<Values>; path: string }) {
  const field = (name: string) => form.getInputProps(`${path}.${name}`);
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="xs">
        <TextInput label={words.commodityTitle} maxLength={100} {...field("title")} />
        <TextInput label={words.commodityDescription} maxLength={200} {...field("description")} />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm" verticalSpacing="xs" mt="xs">
        <NumberInput label={words.quantity} min={1} allowDecimal={false} hideControls {...field("quantity")} />
        <NumberInput label={words.weightOfOne} required min={0} hideControls {...field("weight")} />
        <Select label={words.weightUnit} data={WEIGHT_UNITS} allowDeselect={false} {...field("weight_unit")} />
        <NumberInput label={words.valueOfOne} min={0} hideControls {...field("value_amount")} />
        <TextInput label={words.currency} placeholder={words.currencyHint} maxLength={3} {...field("value_currency")} />
        <TextInput label={words.origin} placeholder={words.countryHint} maxLength={2} {...field("origin_country")} />
        <TextInput label={words.hsCode} maxLength={100} {...field("hs_code")} />
        <TextInput label={words.sku} maxLength={100} {...field("sku")} />
      </SimpleGrid>
    </>
  );
}
