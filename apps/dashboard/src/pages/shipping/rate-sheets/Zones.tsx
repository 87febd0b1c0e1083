import { NumberInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import type { Column } from "@/ui";
import { listOf, numberOf, type Open, priceDrafts, serviceDrafts, useSheetChange } from "./change";
import { EntryForm } from "./EntryForm";
import { EntryList } from "./EntryList";

type Zone = Schema<"Zone">;

const words = strings.rateSheets;

/** The narrowest of a zone's lists: that is the one that counts. */
function coverOf({ postal_codes, cities, country_codes }: Zone): string {
  const list = [postal_codes, cities, country_codes].find(({ length }) => length > 0) ?? [];
  return list.length > 0 ? list.join(", ") : words.everywhere;
}

const columns: Column<Zone>[] = [
  { key: "name", header: words.zoneName, cell: ({ id, label }) => label ?? id },
  { key: "id", header: words.zoneId, cell: ({ id }) => id },
  { key: "covers", header: words.covers, cell: coverOf },
  { key: "days", header: words.transitDays, align: "right", cell: ({ transit_days: days }) => days ?? "–" },
];

/** Where prices hold. */
export function Zones(open: Open) {
  const { sheet } = open;
  return (
    <EntryList
      open={open}
      caption={words.zones}
      rows={sheet.zones}
      columns={columns}
      idOf={({ id }) => id}
      nameOf={({ id, label }) => label ?? id}
      add={words.addZone}
      edit={words.editZone}
      empty={{ title: words.noZones, description: words.noServicesText }}
      removal={{ title: words.removeZoneTitle, text: words.removeZoneText }}
      without={({ id }) => ({
        zones: sheet.zones.filter((other) => other.id !== id),
        service_rates: priceDrafts(sheet).filter(({ zone_id }) => zone_id !== id),
        services: serviceDrafts(sheet).map((service) => ({
          ...service,
          zone_ids: (service.zone_ids ?? []).filter((other) => other !== id),
        })),
      })}
      form={(row, close) => <ZoneForm open={open} row={row} onClose={close} />}
    />
  );
}

interface Values extends Record<string, unknown> {
  label: string;
  country_codes: string;
  cities: string;
  postal_codes: string;
  transit_days: string | number;
}

function ZoneForm({ open, row, onClose }: { open: Open; row: Zone | null; onClose: () => void }) {
  const { zones } = open.sheet;
  const save = useSheetChange(open, words.zoneSaved, onClose);
  const form = useForm<Values>({
    mode: "uncontrolled",
    initialValues: {
      label: row?.label ?? "",
      country_codes: row?.country_codes.join(", ") ?? "",
      cities: row?.cities.join(", ") ?? "",
      postal_codes: row?.postal_codes.join(", ") ?? "",
      transit_days: row?.transit_days ?? "",
    },
  });
  const submit = (values: Values) => {
    const said = {
      label: values.label.trim() || null,
      country_codes: listOf(values.country_codes.toUpperCase()),
      cities: listOf(values.cities),
      postal_codes: listOf(values.postal_codes),
      transit_days: numberOf(values.transit_days),
    };
    save.mutate({
      zones: row ? zones.map((other) => (other.id === row.id ? { ...other, ...said } : other)) : [...zones, said],
    });
  };
  const place = row ? zones.indexOf(row) : zones.length;
  const fields: [name: keyof Values & string, label: string, hint: string | null][] = [
    ["label", words.zoneName, null],
    ["country_codes", words.countries, words.countriesHint],
    ["cities", words.cities, words.citiesHint],
    ["postal_codes", words.postalCodes, words.postalHint],
  ];
  return (
    <EntryForm
      form={form}
      path={`zones[${place}]`}
      error={save.error}
      saving={save.isPending}
      onSubmit={submit}
      onCancel={onClose}
    >
      {fields.map(([name, label, hint]) => (
        <TextInput
          key={form.key(name)}
          label={label}
          description={hint}
          required={name === "label"}
          {...form.getInputProps(name)}
        />
      ))}
      <NumberInput
        label={words.transitDays}
        min={0}
        allowDecimal={false}
        key={form.key("transit_days")}
        {...form.getInputProps("transit_days")}
      />
    </EntryForm>
  );
}
