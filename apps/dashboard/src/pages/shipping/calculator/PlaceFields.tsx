import { SimpleGrid, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { strings } from "@/strings";
import { Section } from "../shared/Section";
import type { Values } from "./draft";

const words = strings.calculator;

/** One end of the way. */
export function PlaceFields({ form, of }: { form: UseFormReturnType<Values>; of: "shipper" | "recipient" }) {
  const field = (name: string) => ({ key: form.key(`${of}.${name}`), ...form.getInputProps(`${of}.${name}`) });
  const inputs: [name: string, label: string][] = [
    ["postal_code", words.postalCode],
    ["city", words.city],
    ["state_code", words.state],
  ];
  const { key, ...country } = field("country_code");
  return (
    <Section title={of === "shipper" ? words.from : words.to}>
      <SimpleGrid cols={2} spacing="sm" verticalSpacing="xs">
        <TextInput
          key={key}
          label={words.country}
          placeholder={words.countryHint}
          required
          maxLength={2}
          {...country}
        />
        {inputs.map(([name, label]) => {
          const { key: inputKey, ...props } = field(name);
          return <TextInput key={inputKey} label={label} {...props} />;
        })}
      </SimpleGrid>
    </Section>
  );
}
