import { Button, Checkbox, Group, SimpleGrid, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { Section } from "../../shared/Section";
import classes from "./create.module.css";
import type { Values } from "./draft";
import { emptyPair } from "./extras";

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
  const pairs = form.values.more?.pairs ?? [];
  const add = () => {
    const at = pairs.length;
    form.insertListItem("more.pairs", emptyPair());
    requestAnimationFrame(() => requestAnimationFrame(() => form.getInputNode(`more.pairs.${at}.name`)?.focus()));
  };
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
        <fieldset className={classes.parcel}>
          <legend>{words.options}</legend>
          <Text size="xs" c="dimmed" mb="xs">
            {words.optionsHint}
          </Text>
          <Stack gap="xs">
            {pairs.map(({ key, name }, index) => (
              <div key={key} className={classes.pair}>
                <TextInput
                  aria-label={words.optionName(index + 1)}
                  placeholder={words.optionNameHint}
                  maxLength={100}
                  {...form.getInputProps(`more.pairs.${index}.name`)}
                />
                <TextInput
                  aria-label={words.optionValue(index + 1)}
                  placeholder={words.optionValueHint}
                  maxLength={500}
                  {...form.getInputProps(`more.pairs.${index}.value`)}
                />
                <Button
                  variant="default"
                  size="sm"
                  onClick={() => form.removeListItem("more.pairs", index)}
                  aria-label={words.dropOption(name.trim() || String(index + 1))}
                >
                  {words.drop}
                </Button>
              </div>
            ))}
          </Stack>
          <Group mt="xs">
            <Button variant="default" size="xs" onClick={add}>
              {words.addOption}
            </Button>
          </Group>
        </fieldset>
      </Stack>
    </Section>
  );
}
