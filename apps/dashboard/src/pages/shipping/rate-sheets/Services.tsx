import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { type Column, StatusBadge } from "@/ui";
import { type Open, priceDrafts, serviceDrafts } from "./change";
import { EntryList } from "./EntryList";
import { ServiceForm } from "./ServiceForm";

type Service = Schema<"ServiceLevel">;

const words = strings.rateSheets;

const columns: Column<Service>[] = [
  { key: "name", header: words.name, cell: ({ service_name }) => service_name },
  { key: "code", header: words.serviceCode, cell: ({ service_code }) => service_code },
  { key: "currency", header: words.currency, cell: ({ currency }) => currency },
  { key: "unit", header: words.weightUnit, cell: ({ weight_unit }) => weight_unit },
  {
    key: "status",
    header: words.status,
    cell: ({ active }) => (
      <StatusBadge status={active ? "active" : "inactive"} label={active ? words.active : words.inactive} />
    ),
  },
];

/** The services of a carrier. */
export function Services(open: Open) {
  const { sheet } = open;
  return (
    <EntryList
      open={open}
      caption={words.services}
      rows={sheet.services}
      columns={columns}
      idOf={({ id }) => id}
      nameOf={({ service_name }) => service_name}
      add={words.addService}
      edit={words.editService}
      empty={{ title: words.noServices, description: words.noServicesText }}
      removal={{ title: words.removeServiceTitle, text: words.removeServiceText }}
      without={({ id, service_code: code }) => ({
        services: serviceDrafts(sheet).filter((other) => other.id !== id),
        service_rates: priceDrafts(sheet).filter(({ service_code }) => service_code !== code),
      })}
      form={(row, close) => <ServiceForm open={open} row={row} onClose={close} />}
    />
  );
}
