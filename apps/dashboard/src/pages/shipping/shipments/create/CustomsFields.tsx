import { Button, Checkbox, Group, NumberInput, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { strings } from "@/strings";
import { Section } from "../../shared/Section";
import { WEIGHT_UNITS } from "../../shared/wire";
import classes from "./create.module.css";
import type { Values } from "./draft";
import { CONTENT_TYPES, emptyCommodity, INCOTERMS } from "./extras";
import { PaymentFields } from "./PaymentFields";

const words = strings.shipments.form;

interface CustomsFieldsProps {
  form: UseFormReturnType<Values>;
  /** The button that removes all of it. */
  remove: ReactNode;
}

/** What customs are told: why something crosses the border, who pays duty, and what it is. */
export function CustomsFields({ form, remove }: CustomsFieldsProps) {
  const field = (name: string) => form.getInputProps(`customs.${name}`);
  const check = (name: string) => form.getInputProps(`customs.${name}`, { type: "checkbox" });
  const commodities = form.values.customs?.commodities ?? [];
  const add = () => {
    const at = commodities.length;
    form.insertListItem("customs.commodities", emptyCommodity(commodities.at(-1)));
    requestAnimationFrame(() =>
      requestAnimationFrame(() => form.getInputNode(`customs.commodities.${at}.title`)?.focus()),
    );
  };
  return (
    <Section title={words.extras.customs} actions={remove}>
      <Stack gap="lg">
        <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }} spacing="sm" verticalSpacing="xs">
          <Select
            label={words.contentType}
            data={CONTENT_TYPES.map((value) => ({ value, label: words.contentTypes[value] ?? value }))}
            allowDeselect={false}
            {...field("content_type")}
          />
          <TextInput label={words.contentDescription} maxLength={200} {...field("content_description")} />
          <Select
            label={words.incoterm}
            data={[...INCOTERMS]}
            clearable
            searchable
            {...field("incoterm")}
            value={form.values.customs?.incoterm || null}
            onChange={(term) => form.setFieldValue("customs.incoterm", term ?? "")}
          />
          <TextInput label={words.invoice} maxLength={50} {...field("invoice")} />
          <TextInput type="date" label={words.invoiceDate} {...field("invoice_date")} />
          <TextInput label={words.signer} maxLength={50} {...field("signer")} />
        </SimpleGrid>
        <Group gap="lg">
          <Checkbox label={words.commercialInvoice} {...check("commercial_invoice")} />
          <Checkbox label={words.certify} {...check("certify")} />
        </Group>
        <PaymentFields form={form} of="customs.duty" />
        {commodities.map(({ key }, index) => (
          <Commodity key={key} form={form} index={index} removable={commodities.length > 1} />
        ))}
        <Group>
          <Button variant="default" size="xs" onClick={add}>
            {words.addCommodity}
          </Button>
        </Group>
      </Stack>
    </Section>
  );
}

interface CommodityProps {
  form: UseFormReturnType<Values>;
  index: number;
  removable: boolean;
}

function Commodity({ form, index, removable }: CommodityProps) {
  const field = (name: string) => form.getInputProps(`customs.commodities.${index}.${name}`);
  return (
    <fieldset className={classes.parcel}>
      <legend>{words.commodity(index + 1)}</legend>
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
      {removable ? (
        <Group justify="flex-end" mt="xs">
          <Button
            variant="default"
            size="xs"
            onClick={() => form.removeListItem("customs.commodities", index)}
            aria-label={words.dropCommodity(index + 1)}
          >
            {words.drop}
          </Button>
        </Group>
      ) : null}
    </fieldset>
  );
}
