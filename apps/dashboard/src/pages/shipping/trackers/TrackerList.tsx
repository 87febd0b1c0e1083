import { Anchor, Select, Stack, Text, TextInput } from "@mantine/core";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { useList } from "@/api/hooks";
import { ShippingKeyGate, useShippingKey } from "@/auth/ShippingKeyGate";
import { strings } from "@/strings";
import { type Column, DataTable, words as inWords, Page, StatusBadge, Timestamp } from "@/ui";
import { Filters } from "../shared/Filters";
import { asQuery, dayStart, useFilters } from "../shared/filters";
import { calendarDay } from "../shared/money";
import { SearchField } from "../shared/SearchField";
import { TRACKER_STATES } from "../shared/wire";
import { CreateButton } from "./CreateButton";

type Tracker = Schema<"Tracker">;

const words = strings.trackers;
const NAMES = ["keyword", "status", "carrier_name", "from"] as const;

const columns: Column<Tracker>[] = [
  {
    key: "number",
    header: words.number,
    primary: true,
    cell: ({ id, tracking_number }) => (
      <Anchor component={Link} to={`/shipping/trackers/${id}`} size="sm" fw={550} ff="monospace">
        {tracking_number}
      </Anchor>
    ),
  },
  { key: "status", header: words.status, cell: ({ status }) => <StatusBadge status={status} /> },
  { key: "carrier", header: words.carrier, cell: ({ carrier_name }) => carrier_name },
  {
    key: "latest",
    header: words.latest,
    cell: ({ events: [latest] }) =>
      latest ? (
        <Stack gap={0}>
          <Text size="sm">{latest.description ?? latest.status ?? words.unnamedEvent}</Text>
          <Text size="xs" c="dimmed">
            {latest.location}
          </Text>
        </Stack>
      ) : (
        <Text size="sm" c="dimmed">
          {words.noEvents}
        </Text>
      ),
  },
  { key: "expected", header: words.expected, cell: (row) => calendarDay(row.estimated_delivery) ?? "–" },
  { key: "updated", header: words.updated, cell: ({ updated_at }) => <Timestamp at={updated_at} /> },
];

/** All trackers of the key's environment. */
export function TrackerList() {
  const key = useShippingKey();
  return (
    <Page title={words.title} description={words.description} actions={key ? <CreateButton /> : null}>
      <ShippingKeyGate key={key}>
        <Listed />
      </ShippingKeyGate>
    </Page>
  );
}

function Listed() {
  const { values, set, clear, any } = useFilters(NAMES);
  const { from, ...rest } = values;
  const query = { ...asQuery(rest), ...(from ? { created_after: dayStart(from) } : {}), limit: 20 };
  const list = useList("/v1/trackers", { params: { query } }, { keepPrevious: true });
  const empty = any
    ? { title: strings.shipments.noMatchTitle, description: strings.shipments.noMatchText }
    : { title: words.emptyTitle, description: words.emptyText };
  return (
    <>
      <Filters any={any} clear={clear} count={list.count}>
        <SearchField
          label={strings.shipments.search}
          placeholder={words.searchHint}
          value={values.keyword}
          onChange={(text) => set("keyword", text)}
        />
        <Select
          label={words.status}
          placeholder={strings.shipments.anyStatus}
          data={TRACKER_STATES.map((value) => ({ value, label: inWords(value) }))}
          value={values.status || null}
          onChange={(value) => set("status", value ?? "")}
          clearable
        />
        <SearchField
          label={words.carrier}
          placeholder={words.anyCarrier}
          value={values.carrier_name}
          onChange={(text) => set("carrier_name", text.toLowerCase())}
        />
        <TextInput
          type="date"
          label={words.from}
          value={from}
          onChange={(event) => set("from", event.currentTarget.value)}
        />
      </Filters>
      <DataTable list={list} columns={columns} rowKey={(row) => row.id} caption={words.caption} empty={empty} />
    </>
  );
}
