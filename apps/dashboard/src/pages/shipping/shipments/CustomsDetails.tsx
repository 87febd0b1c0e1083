import { Stack } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { type Column, DataTable } from "@/ui";
import { ready } from "@/ui/DataTable";
import { Facts } from "../shared/Facts";
import { calendarDay, money } from "../shared/money";
import { Section } from "../shared/Section";

type Customs = Schema<"Customs">;
type Commodity = Customs["commodities"][number];

const words = strings.shipments.form;

const columns: Column<Commodity>[] = [
  {
    key: "title",
    header: words.commodityTitle,
    cell: ({ title, description }) => title || description || "–",
    primary: true,
  },
  { key: "quantity", header: words.quantity, cell: ({ quantity }) => quantity },
  { key: "weight", header: words.weightOfOne, cell: ({ weight, weight_unit }) => `${weight} ${weight_unit}` },
  {
    key: "value",
    header: words.valueOfOne,
    cell: ({ value_amount: value, value_currency: currency }) => amountOf(value, currency),
  },
  { key: "origin", header: words.origin, cell: ({ origin_country }) => origin_country ?? "–" },
  { key: "code", header: words.hsCode, cell: ({ hs_code }) => hs_code ?? "–" },
];

function amountOf(value: number | null | undefined, currency: string | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return currency ? money(value, currency) : String(value);
}

/** What customs are told of a shipment. */
export function CustomsDetails({ customs }: { customs: Customs }) {
  const { duty } = customs;
  return (
    <Section title={words.extras.customs}>
      <Stack gap="md">
        <Facts
          facts={[
            {
              name: words.contentType,
              value: customs.content_type ? words.contentTypes[customs.content_type] : null,
            },
            { name: words.contentDescription, value: customs.content_description },
            { name: words.incoterm, value: customs.incoterm },
            { name: words.invoice, value: customs.invoice },
            { name: words.invoiceDate, value: calendarDay(customs.invoice_date) },
            { name: words.signer, value: customs.signer },
            { name: words.dutyPaidBy, value: duty ? words.payers[duty.paid_by] : null },
            {
              name: words.declaredValue,
              value: duty?.declared_value ? amountOf(duty.declared_value, duty.currency) : null,
            },
          ]}
        />
        <DataTable
          list={ready(customs.commodities)}
          columns={columns}
          rowKey={({ id }) => id}
          caption={words.commodities}
          empty={{ title: words.commodities }}
        />
      </Stack>
    </Section>
  );
}
