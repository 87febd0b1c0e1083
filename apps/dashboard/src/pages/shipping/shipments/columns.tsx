import { Anchor, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { type Column, StatusBadge, Timestamp } from "@/ui";
import { partyOf, placeOf } from "../shared/address";
import { money } from "../shared/money";
import { serviceName } from "../shared/wire";

type Shipment = Schema<"Shipment">;

const words = strings.shipments;

export const columns: Column<Shipment>[] = [
  {
    key: "shipment",
    header: words.shipment,
    primary: true,
    cell: ({ id, reference, tracking_number }) => (
      <Stack gap={0}>
        <Anchor component={Link} to={`/shipping/shipments/${id}`} size="sm" fw={550}>
          {reference ?? words.noReference}
        </Anchor>
        <Text size="xs" c="dimmed" ff={tracking_number ? "monospace" : ""}>
          {tracking_number ?? "–"}
        </Text>
      </Stack>
    ),
  },
  { key: "status", header: words.status, cell: ({ status }) => <StatusBadge status={status} /> },
  {
    key: "recipient",
    header: words.recipient,
    cell: ({ recipient }) => (
      <Stack gap={0}>
        <Text size="sm">{partyOf(recipient)}</Text>
        <Text size="xs" c="dimmed">
          {placeOf(recipient)}
        </Text>
      </Stack>
    ),
  },
  {
    key: "service",
    header: words.service,
    cell: ({ selected_rate, service }) => (selected_rate ? serviceName(selected_rate) : (service ?? "–")),
  },
  {
    key: "price",
    header: words.price,
    align: "right",
    cell: ({ selected_rate: rate }) => (rate ? money(rate.total_charge, rate.currency) : "–"),
  },
  { key: "made", header: words.made, cell: ({ created_at }) => <Timestamp at={created_at} /> },
];
