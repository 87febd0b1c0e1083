import { Accordion, Grid, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useEffect, useId, useState } from "react";
import { strings } from "@/strings";
import { type KeyValues, localTime, RESTRICTIONS } from "./form";
import type { Kind } from "./model";
import { RestrictionFields } from "./RestrictionFields";
import { ScopePicker } from "./ScopePicker";

const words = strings.keys.form;

interface KeyFieldsProps {
  form: UseFormReturnType<KeyValues>;
  kind: Kind;
  /** A key that is there already keeps its environment. */
  existing?: boolean;
}

/** The fields of a key, for making and changing one. */
export function KeyFields({ form, kind, existing = false }: KeyFieldsProps) {
  const [opened, setOpened] = useState<string | null>(() => (existing && restricted(form.getValues()) ? "more" : null));
  const { errors, values } = form;
  useEffect(() => {
    if (RESTRICTIONS.some((field) => errors[field])) setOpened("more");
  }, [errors]);
  return (
    <Stack gap="md">
      <TextInput
        label={`${words.name} (${strings.common.optional})`}
        description={words.nameHint}
        maxLength={120}
        autoComplete="off"
        data-autofocus
        {...form.getInputProps("name")}
      />
      <Environment form={form} existing={existing} />
      <ScopePicker
        kind={kind}
        value={values.scopes}
        onChange={(scopes) => form.setFieldValue("scopes", scopes)}
        error={errors.scopes ? String(errors.scopes) : undefined}
      />
      <Grid gap="sm">
        <Grid.Col span={{ base: 12, xs: 6 }}>
          <Select
            label={words.expiry}
            data={Object.entries(words.presets).map(([value, label]) => ({ value, label }))}
            allowDeselect={false}
            {...form.getInputProps("expiry")}
          />
        </Grid.Col>
        {values.expiry === "date" ? (
          <Grid.Col span={{ base: 12, xs: 6 }}>
            <TextInput
              type="datetime-local"
              label={words.expiryAt}
              min={localTime(new Date())}
              {...form.getInputProps("expiryAt")}
            />
          </Grid.Col>
        ) : null}
      </Grid>
      <Accordion value={opened} onChange={setOpened} variant="contained" order={3} chevronPosition="right">
        <Accordion.Item value="more">
          <Accordion.Control>
            <Text size="sm" fw={550}>
              {words.more}
            </Text>
            <Text size="xs" c="dimmed">
              {words.moreHint}
            </Text>
          </Accordion.Control>
          <Accordion.Panel>
            <RestrictionFields form={form} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}

function Environment({ form, existing }: { form: UseFormReturnType<KeyValues>; existing: boolean }) {
  const id = useId();
  const { environment } = strings.keys;
  if (existing) {
    return (
      <TextInput
        label={words.environment}
        description={words.environmentFixed}
        value={environment[form.values.environment] ?? form.values.environment}
        disabled
      />
    );
  }
  return (
    <div>
      <Text size="sm" fw={500} id={id} mb={4}>
        {words.environment}
      </Text>
      <SegmentedControl
        aria-labelledby={id}
        data={Object.entries(environment).map(([value, label]) => ({ value, label }))}
        {...form.getInputProps("environment")}
      />
    </div>
  );
}

const restricted = (values: KeyValues) =>
  values.rateRequests !== "" || values.quotaLimit !== "" || values.networks.length + values.warehouses.length > 0;
