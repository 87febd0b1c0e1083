import { NumberInput, Select, SimpleGrid, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { strings } from "@/strings";
import type { Values } from "./draft";
import { PAYERS } from "./extras";

const words = strings.shipments.form;

interface PaymentFieldsProps {
  form: UseFormReturnType<Values>;
  of: "payment" | "customs.duty";
}

/** Who pays: the shipment, or duty for what is declared. */
export function PaymentFields({ form, of }: PaymentFieldsProps) {
  const field = (name: string) => form.getInputProps(`${of}.${name}`);
  const isDuty = of === "customs.duty";
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: isDuty ? 4 : 3 }} spacing="sm" verticalSpacing="xs">
      <Select
        label={isDuty ? words.dutyPaidBy : words.paidBy}
        data={PAYERS.map((value) => ({ value, label: words.payers[value] ?? value }))}
        allowDeselect={false}
        {...field("paid_by")}
      />
      {isDuty ? <NumberInput label={words.declaredValue} min={0} hideControls {...field("declared_value")} /> : null}
      <TextInput label={words.currency} placeholder={words.currencyHint} maxLength={3} {...field("currency")} />
      <TextInput label={words.account} maxLength={100} {...field("account_number")} />
    </SimpleGrid>
  );
}
