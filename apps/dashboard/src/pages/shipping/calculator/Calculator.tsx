import { Button, Group, NumberInput, Select, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable, FormErrors, ready } from "@/ui";
import { Messages } from "../shared/Messages";
import { rateColumns } from "../shared/rate-columns";
import { Section } from "../shared/Section";
import { LENGTH_UNITS, WEIGHT_UNITS } from "../shared/wire";
import { draftOf, EMPTY, type Values } from "./draft";
import { PlaceFields } from "./PlaceFields";

const words = strings.calculator;

/** The API's names of the parcel's fields. */
const ALIASES = Object.fromEntries(
  ["weight", "weight_unit", "length", "width", "height", "dimension_unit"].map((name) => [`parcels[0].${name}`, name]),
);

const country = (text: string) => (/^[A-Za-z]{2}$/.test(text.trim()) ? null : words.needsCountry);

/** Prices a parcel by the organization's rate sheets. */
export function Calculator() {
  const form = useForm<Values>({
    mode: "uncontrolled",
    initialValues: EMPTY,
    validate: {
      shipper: { country_code: country },
      recipient: { country_code: country },
      weight: (weight) => (Number(weight) > 0 ? null : words.needsWeight),
    },
  });
  const rate = useAction((values: Values) => api.post("/v1/rates", { body: draftOf(values) as never }));
  const side = (name: "length" | "width" | "height") => {
    const { key, ...props } = { key: form.key(name), ...form.getInputProps(name) };
    return <NumberInput key={key} label={words[name]} min={0} hideControls {...props} />;
  };
  return (
    <Stack gap="lg">
      <form onSubmit={form.onSubmit((values) => rate.mutate(values))} noValidate>
        <Stack gap="md">
          <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
            <PlaceFields form={form} of="shipper" />
            <PlaceFields form={form} of="recipient" />
          </SimpleGrid>
          <Section title={words.parcel}>
            <SimpleGrid cols={{ base: 2, md: 6 }} spacing="sm" verticalSpacing="xs">
              <NumberInput
                label={words.weight}
                required
                min={0}
                hideControls
                key={form.key("weight")}
                {...form.getInputProps("weight")}
              />
              <Select
                label={words.weightUnit}
                data={WEIGHT_UNITS}
                allowDeselect={false}
                key={form.key("weight_unit")}
                {...form.getInputProps("weight_unit")}
              />
              {side("length")}
              {side("width")}
              {side("height")}
              <Select
                label={words.lengthUnit}
                data={LENGTH_UNITS}
                allowDeselect={false}
                key={form.key("dimension_unit")}
                {...form.getInputProps("dimension_unit")}
              />
            </SimpleGrid>
          </Section>
          <FormErrors form={form} error={rate.error} aliases={ALIASES} />
          <Group gap="sm">
            <Button type="submit" loading={rate.isPending}>
              {words.submit}
            </Button>
            <Text size="sm" c="dimmed">
              {words.hint}
            </Text>
          </Group>
        </Stack>
      </form>
      {rate.data ? (
        <Stack gap="sm" component="section" aria-live="polite">
          <Title order={2}>{words.results}</Title>
          <DataTable
            list={ready(rate.data.rates)}
            columns={rateColumns()}
            rowKey={({ id }) => id}
            caption={words.caption}
            empty={{ title: words.noneTitle, description: words.noneText }}
          />
          <Messages messages={rate.data.messages} />
        </Stack>
      ) : null}
    </Stack>
  );
}
