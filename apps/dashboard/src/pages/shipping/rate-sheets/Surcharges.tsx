import { NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { type Column, StatusBadge } from "@/ui";
import { asSurchargeType, wire } from "../shared/wire";
import { type Open, serviceDrafts, useSheetChange } from "./change";
import { EntryForm } from "./EntryForm";
import { EntryList } from "./EntryList";

type Surcharge = Schema<"Surcharge">;

const words = strings.rateSheets;

const isPercentage = ({ surcharge_type }: Surcharge) => wire(surcharge_type) === "percentage";

const columns: Column<Surcharge>[] = [
  { key: "name", header: words.name, cell: ({ name }) => name },
  {
    key: "amount",
    header: words.amount,
    align: "right",
    cell: (row) => (isPercentage(row) ? words.percent(row.amount) : row.amount),
  },
  { key: "kind", header: words.kind, cell: (row) => (isPercentage(row) ? words.percentage : words.fixed) },
  {
    key: "status",
    header: words.status,
    cell: ({ active }) => (
      <StatusBadge status={active ? "active" : "inactive"} label={active ? words.active : words.inactive} />
    ),
  },
];

/** What is added to base rates. */
export function Surcharges(open: Open) {
  const { sheet } = open;
  return (
    <EntryList
      open={open}
      caption={words.surcharges}
      rows={sheet.surcharges}
      columns={columns}
      idOf={({ id }) => id}
      nameOf={({ name }) => name}
      add={words.addSurcharge}
      edit={words.editSurcharge}
      empty={{ title: words.noSurcharges, description: words.noSurchargesText }}
      removal={{ title: words.removeSurchargeTitle, text: words.removeSurchargeText }}
      without={({ id }) => ({
        surcharges: sheet.surcharges.filter((other) => other.id !== id),
        services: serviceDrafts(sheet).map((service) => ({
          ...service,
          surcharge_ids: (service.surcharge_ids ?? []).filter((other) => other !== id),
        })),
      })}
      form={(row, close) => <SurchargeForm open={open} row={row} onClose={close} />}
    />
  );
}

interface Values extends Record<string, unknown> {
  name: string;
  amount: number | string;
  surcharge_type: string;
  active: boolean;
}

function SurchargeForm({ open, row, onClose }: { open: Open; row: Surcharge | null; onClose: () => void }) {
  const { surcharges } = open.sheet;
  const save = useSheetChange(open, words.surchargeSaved, onClose);
  const form = useForm<Values>({
    mode: "uncontrolled",
    initialValues: {
      name: row?.name ?? "",
      amount: row?.amount ?? "",
      surcharge_type: row ? wire(row.surcharge_type) : "fixed",
      active: row?.active ?? true,
    },
  });
  const submit = ({ name, amount, surcharge_type, active }: Values) => {
    const said = { name, amount: Number(amount), surcharge_type: asSurchargeType(surcharge_type), active };
    save.mutate({
      surcharges: row
        ? surcharges.map((other) => (other.id === row.id ? { ...other, ...said } : other))
        : [...surcharges, said],
    });
  };
  const place = row ? surcharges.indexOf(row) : surcharges.length;
  return (
    <EntryForm
      form={form}
      path={`surcharges[${place}]`}
      error={save.error}
      saving={save.isPending}
      onSubmit={submit}
      onCancel={onClose}
    >
      <TextInput label={words.name} required data-autofocus key={form.key("name")} {...form.getInputProps("name")} />
      <Select
        label={words.kind}
        data={[
          { value: "fixed", label: words.fixed },
          { value: "percentage", label: words.percentage },
        ]}
        allowDeselect={false}
        key={form.key("surcharge_type")}
        {...form.getInputProps("surcharge_type")}
      />
      <NumberInput
        label={words.amount}
        required
        min={0}
        decimalScale={4}
        key={form.key("amount")}
        {...form.getInputProps("amount")}
      />
      <Switch label={words.active} key={form.key("active")} {...form.getInputProps("active", { type: "checkbox" })} />
    </EntryForm>
  );
}
