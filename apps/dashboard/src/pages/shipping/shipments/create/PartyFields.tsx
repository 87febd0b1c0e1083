import { Checkbox, SimpleGrid, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { strings } from "@/strings";
import { Section } from "../../shared/Section";
import type { Values } from "./draft";

const words = strings.shipments.form;

interface PartyFieldsProps {
  form: UseFormReturnType<Values>;
  of: "shipper" | "recipient";
  /** A button that fills the fields. */
  fill?: ReactNode;
}

/** The address at one end of the way. */
export function PartyFields({ form, of, fill }: PartyFieldsProps) {
  const field = (name: string) => form.getInputProps(`${of}.${name}`);
  return (
    <Section title={of === "shipper" ? words.from : words.to} actions={fill}>
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
      </SimpleGrid>
      <Checkbox mt="sm" label={words.residential} {...form.getInputProps(`${of}.residential`, { type: "checkbox" })} />
    </Section>
  );
}
