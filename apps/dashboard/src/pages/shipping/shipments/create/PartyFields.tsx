import { Checkbox, SimpleGrid, Stack, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { strings } from "@/strings";
import { Section } from "../../shared/Section";
import type { PartyName, Values } from "./draft";
import { PairFields } from "./PairFields";

const words = strings.shipments.form;

interface PartyFieldsProps {
  form: UseFormReturnType<Values>;
  of: PartyName;
  /** A button that fills the fields, or removes them. */
  fill?: ReactNode;
}

const TITLES: Record<PartyName, string> = {
  shipper: words.from,
  recipient: words.to,
  return_address: words.extras.return_address,
  billing_address: words.extras.billing_address,
};

/** One of the addresses. */
export function PartyFields({ form, of, fill }: PartyFieldsProps) {
  const field = (name: string) => form.getInputProps(`${of}.${name}`);
  return (
    <Section title={TITLES[of]} actions={fill}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="xs">
        <TextInput label={words.person} maxLength={100} {...field("person_name")} />
        <TextInput label={words.company} maxLength={100} {...field("company_name")} />
        <TextInput label={words.street} maxLength={200} {...field("address_line1")} />
        <TextInput label={words.street2} maxLength={200} {...field("address_line2")} />
        <TextInput label={words.postalCode} maxLength={20} {...field("postal_code")} />
        <TextInput label={words.city} maxLength={100} {...field("city")} />
        <TextInput label={words.state} maxLength={100} {...field("state_code")} />
        <TextInput
          label={words.country}
          placeholder={words.countryHint}
          required
          maxLength={2}
          {...field("country_code")}
        />
        <TextInput label={words.phone} type="tel" maxLength={50} {...field("phone_number")} />
        <TextInput label={words.email} type="email" maxLength={254} {...field("email")} />
        <TextInput label={words.taxId} maxLength={50} {...field("federal_tax_id")} />
        <TextInput label={words.stateTaxId} maxLength={50} {...field("state_tax_id")} />
      </SimpleGrid>
      <Stack gap="sm" mt="sm">
        <Checkbox label={words.residential} {...form.getInputProps(`${of}.residential`, { type: "checkbox" })} />
        <PairFields
          form={form}
          path={`${of}.meta`}
          pairs={form.values[of]?.meta ?? []}
          legend={words.ownData}
          hint={words.dataHint}
          words={{ ...words.data, addName: words.addDataTo(TITLES[of]) }}
        />
      </Stack>
    </Section>
  );
}
