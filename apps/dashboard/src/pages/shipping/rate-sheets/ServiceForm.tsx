import { MultiSelect, Select, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { asWeightUnit, WEIGHT_UNITS } from "../shared/wire";
import { type Open, priceDrafts, serviceDrafts, useSheetChange } from "./change";
import { EntryForm } from "./EntryForm";

type Service = Schema<"ServiceLevel">;

const words = strings.rateSheets;

interface Values extends Record<string, unknown> {
  service_name: string;
  service_code: string;
  currency: string;
  weight_unit: string;
  surcharge_ids: string[];
  active: boolean;
}

const NEW: Values = {
  service_name: "",
  service_code: "",
  currency: "USD",
  weight_unit: "KG",
  surcharge_ids: [],
  active: true,
};

function valuesOf(row: Service): Values {
  const { service_name, service_code, currency, weight_unit, surcharge_ids, active } = row;
  return { service_name, service_code, currency, weight_unit, surcharge_ids, active };
}

/** A service, or a new one. */
export function ServiceForm({ open, row, onClose }: { open: Open; row: Service | null; onClose: () => void }) {
  const { sheet } = open;
  const save = useSheetChange(open, words.serviceSaved, onClose);
  const form = useForm<Values>({ mode: "uncontrolled", initialValues: row ? valuesOf(row) : NEW });
  const submit = (values: Values) => {
    const said = {
      ...values,
      currency: values.currency.trim().toUpperCase(),
      weight_unit: asWeightUnit(values.weight_unit),
    };
    const services = serviceDrafts(sheet);
    if (!row) {
      save.mutate({ services: [...services, said] });
      return;
    }
    save.mutate({
      services: services.map((other) => (other.id === row.id ? { ...other, ...said } : other)),
      // Prices name their service by its code, which may be a new one.
      service_rates: priceDrafts(sheet).map((price) =>
        price.service_code === row.service_code ? { ...price, service_code: said.service_code } : price,
      ),
    });
  };
  return (
    <EntryForm
      form={form}
      path={`services[${row ? sheet.services.indexOf(row) : sheet.services.length}]`}
      error={save.error}
      saving={save.isPending}
      onSubmit={submit}
      onCancel={onClose}
    >
      <TextInput
        label={words.name}
        required
        data-autofocus
        key={form.key("service_name")}
        {...form.getInputProps("service_name")}
      />
      <TextInput
        label={words.serviceCode}
        description={words.codeHint}
        required
        key={form.key("service_code")}
        {...form.getInputProps("service_code")}
      />
      <TextInput
        label={words.currency}
        required
        maxLength={3}
        key={form.key("currency")}
        {...form.getInputProps("currency")}
      />
      <Select
        label={words.weightUnit}
        data={WEIGHT_UNITS}
        allowDeselect={false}
        key={form.key("weight_unit")}
        {...form.getInputProps("weight_unit")}
      />
      {sheet.surcharges.length > 0 ? (
        <MultiSelect
          label={words.surchargesOf}
          data={sheet.surcharges.map(({ id, name }) => ({ value: id, label: name }))}
          key={form.key("surcharge_ids")}
          {...form.getInputProps("surcharge_ids")}
        />
      ) : null}
      <Switch label={words.active} key={form.key("active")} {...form.getInputProps("active", { type: "checkbox" })} />
    </EntryForm>
  );
}
