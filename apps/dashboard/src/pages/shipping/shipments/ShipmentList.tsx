import { Button, Select, TextInput } from "@mantine/core";
import { Link } from "react-router";
import { useList } from "@/api/hooks";
import { ShippingKeyGate, useShippingKey } from "@/auth/ShippingKeyGate";
import { strings } from "@/strings";
import { DataTable, words as inWords, Page } from "@/ui";
import { Filters } from "../shared/Filters";
import { asQuery, dayEnd, dayStart, useFilters } from "../shared/filters";
import { SearchField } from "../shared/SearchField";
import { SHIPMENT_STATES } from "../shared/wire";
import { columns } from "./columns";

const words = strings.shipments;
const NAMES = ["keyword", "status", "from", "to"] as const;

/** All shipments of the key's environment. */
export function ShipmentList() {
  const key = useShippingKey();
  return (
    <Page
      title={words.title}
      description={words.description}
      actions={
        key ? (
          <Button component={Link} to="/shipping/shipments/new">
            {words.form.title}
          </Button>
        ) : null
      }
    >
      <ShippingKeyGate key={key}>
        <Listed />
      </ShippingKeyGate>
    </Page>
  );
}

function Listed() {
  const { values, set, clear, any } = useFilters(NAMES);
  const { from, to, ...rest } = values;
  const query = {
    ...asQuery(rest),
    ...(from ? { created_after: dayStart(from) } : {}),
    ...(to ? { created_before: dayEnd(to) } : {}),
    limit: 20,
  };
  const list = useList("/v1/shipments", { params: { query } }, { keepPrevious: true });
  const empty = any
    ? { title: words.noMatchTitle, description: words.noMatchText }
    : { title: words.emptyTitle, description: words.emptyText };
  return (
    <>
      <Filters any={any} clear={clear} count={list.count}>
        <SearchField
          label={words.search}
          placeholder={words.searchHint}
          value={values.keyword}
          onChange={(text) => set("keyword", text)}
        />
        <Select
          label={words.status}
          placeholder={words.anyStatus}
          data={SHIPMENT_STATES.map((value) => ({ value, label: inWords(value) }))}
          value={values.status || null}
          onChange={(value) => set("status", value ?? "")}
          clearable
        />
        <TextInput
          type="date"
          label={words.from}
          value={from}
          max={to || undefined}
          onChange={(event) => set("from", event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label={words.to}
          value={to}
          min={from || undefined}
          onChange={(event) => set("to", event.currentTarget.value)}
        />
      </Filters>
      <DataTable list={list} columns={columns} rowKey={(row) => row.id} caption={words.caption} empty={empty} />
    </>
  );
}
