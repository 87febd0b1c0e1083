import { Checkbox, SimpleGrid, Stack, TagsInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { Section } from "../../shared/Section";
import type { Values } from "./draft";
import { PairFields } from "./PairFields";

const words = strings.shipments.form;

interface OptionFieldsProps {
  form: UseFormReturnType<Values>;
  /** The button that removes all of it. */
  remove: ReactNode;
}

/** Which services and rate sheets are asked, whether goods go back, and options by names of one's own. */
export function OptionFields({ form, remove }: OptionFieldsProps) {
  const enabled = useCan("rate-sheets:read");
  const sheets = useList("/v1/management/rate-sheets", { params: { query: { limit: 100 } } }, { enabled });
  const codes = sheets.rows.flatMap(({ services }) => services.map(({ service_code }) => service_code));
  return (
    <Section title={words.extras.more} actions={remove}>
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="xs">
          <TagsInput
            label={words.services}
            description={words.servicesHint}
            data={[...new Set(codes)]}
            acceptValueOnBlur
            openOnFocus={false}
            {...form.getInputProps("more.services")}
          />
          <TagsInput
            label={words.sheets}
            description={words.sheetsHint}
            data={[...new Set(sheets.rows.map(({ slug }) => slug))]}
            acceptValueOnBlur
            openOnFocus={false}
            {...form.getInputProps("more.carrier_ids")}
          />
        </SimpleGrid>
        <Checkbox label={words.isReturn} {...form.getInputProps("more.is_return", { type: "checkbox" })} />
        <PairFields
          form={form}
          path="more.pairs"
          pairs={form.values.more?.pairs ?? []}
          legend={words.options}
          hint={words.optionsHint}
          words={words.option}
        />
      </Stack>
    </Section>
  );
}
