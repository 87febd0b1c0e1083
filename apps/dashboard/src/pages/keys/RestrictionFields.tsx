import { Grid, NumberInput, Select, Stack, TagsInput, Text } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useLimits } from "@/auth/hooks";
import { strings } from "@/strings";
import type { KeyValues } from "./form";

const words = strings.keys.form;
const number = new Intl.NumberFormat("en");

/** What a key may be kept to: a rate, a quota, networks and warehouses. */
export function RestrictionFields({ form }: { form: UseFormReturnType<KeyValues> }) {
  const { rate_limit: rate } = useLimits();
  return (
    <Stack gap="md">
      <Grid gap="sm" align="flex-end">
        <Grid.Col span={7}>
          <NumberInput
            label={words.rate}
            placeholder={words.unlimited}
            min={1}
            max={100_000}
            allowDecimal={false}
            thousandSeparator=","
            {...form.getInputProps("rateRequests")}
          />
        </Grid.Col>
        <Grid.Col span={5}>
          <Select
            label={words.ratePer}
            data={perOptions(form.values.ratePer)}
            allowDeselect={false}
            {...form.getInputProps("ratePer")}
          />
        </Grid.Col>
        <Grid.Col span={12} pt={0}>
          <Text size="xs" c="dimmed">
            {rate ? words.planRate(number.format(rate.requests), perName(rate.per_seconds)) : words.planFree}
          </Text>
        </Grid.Col>
        <Grid.Col span={7}>
          <NumberInput
            label={words.quota}
            placeholder={words.unlimited}
            min={1}
            max={1_000_000_000_000_000}
            allowDecimal={false}
            thousandSeparator=","
            {...form.getInputProps("quotaLimit")}
          />
        </Grid.Col>
        <Grid.Col span={5}>
          <Select
            label={words.quotaPeriod}
            data={Object.entries(words.periods).map(([value, label]) => ({ value, label }))}
            allowDeselect={false}
            {...form.getInputProps("quotaPeriod")}
          />
        </Grid.Col>
      </Grid>
      <TagsInput
        label={words.networks}
        description={words.networksHint}
        placeholder={form.values.networks.length > 0 ? "" : words.addHint}
        splitChars={[",", " ", "\n"]}
        maxTags={100}
        {...form.getInputProps("networks")}
      />
      <TagsInput
        label={words.warehouses}
        description={words.warehousesHint}
        placeholder={form.values.warehouses.length > 0 ? "" : words.addHint}
        splitChars={[",", " ", "\n"]}
        maxTags={100}
        {...form.getInputProps("warehouses")}
      />
    </Stack>
  );
}

const perName = (seconds: number) => words.per[String(seconds)] ?? words.perSeconds(seconds);

/** The usual lengths, and the key's own if it is another. */
function perOptions(current: string) {
  const usual = Object.entries(words.per).map(([value, label]) => ({ value, label }));
  if (current in words.per) return usual;
  return [...usual, { value: current, label: perName(Number(current)) }];
}
