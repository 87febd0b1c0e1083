import { Checkbox, Group, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { strings } from "@/strings";
import { Section } from "../../shared/Section";
import { CommodityFields } from "./CommodityFields";
import type { Values } from "./draft";
import { CONTENT_TYPES, emptyCommodity, INCOTERMS } from "./extras";
import { FieldRows } from "./FieldRows";
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
        <FieldRows
          form={form}
          path="customs.commodities"
          rows={form.values.customs?.commodities ?? []}
          empty={emptyCommodity}
          first="title"
          least={1}
          add={words.addCommodity}
          legend={words.commodity}
          drop={words.dropCommodity}
        >
          {(path) => <CommodityFields form={form} path={path} />}
        </FieldRows>
      </Stack>
    </Section>
  );
}
