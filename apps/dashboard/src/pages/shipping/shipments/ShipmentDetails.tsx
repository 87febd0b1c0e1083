import { Anchor, Box, Code, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { CopyButton, Timestamp } from "@/ui";
import { linesOf } from "../shared/address";
import { Facts } from "../shared/Facts";
import { Messages } from "../shared/Messages";
import { calendarDay, money } from "../shared/money";
import { Section } from "../shared/Section";
import { serviceName, wire } from "../shared/wire";
import { CustomsDetails } from "./CustomsDetails";
import { Label } from "./Label";
import { Parcels } from "./Parcels";
import { Rates } from "./Rates";
import classes from "./ShipmentDetails.module.css";

type Shipment = Schema<"Shipment">;

const words = strings.shipments;

/** Everything about a shipment. */
export function ShipmentDetails({ shipment }: { shipment: Shipment }) {
  const isDraft = wire(shipment.status) === "draft";
  const hasLabel = shipment.shipping_documents.length > 0;
  const sent = (
    <>
      <Addresses shipment={shipment} />
      <Parcels parcels={shipment.parcels} />
    </>
  );
  return (
    <>
      {isDraft ? <Rates shipment={shipment} /> : null}
      <Messages messages={shipment.messages} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Stack gap="md">
          <Overview shipment={shipment} />
          {hasLabel ? sent : null}
        </Stack>
        {hasLabel ? <Label shipment={shipment} /> : <Stack gap="md">{sent}</Stack>}
      </SimpleGrid>
      {shipment.customs ? <CustomsDetails customs={shipment.customs} /> : null}
      <Metadata of={shipment.metadata} />
      {isDraft ? null : <Rates shipment={shipment} />}
    </>
  );
}

function Overview({ shipment }: { shipment: Shipment }) {
  const { selected_rate: rate, tracking_number: tracking } = shipment;
  const options = shipment.options as { shipment_date?: string } | null;
  return (
    <Section title={words.overview}>
      <Facts
        facts={[
          {
            name: words.id,
            value: (
              <Group gap={4} wrap="nowrap" align="flex-start">
                <Code>{shipment.id}</Code>
                <CopyButton value={shipment.id} name={words.id} />
              </Group>
            ),
          },
          { name: words.reference, value: shipment.reference },
          { name: words.orderId, value: shipment.order_id },
          { name: words.service, value: rate ? serviceName(rate) : shipment.service },
          { name: words.price, value: rate ? money(rate.total_charge, rate.currency) : null },
          {
            name: words.tracking,
            value: tracking ? (
              shipment.tracker_id ? (
                <Anchor component={Link} to={`/shipping/trackers/${shipment.tracker_id}`} size="sm" ff="monospace">
                  {tracking}
                </Anchor>
              ) : (
                <Code>{tracking}</Code>
              )
            ) : null,
          },
          { name: words.paidBy, value: words.form.payers[wire(shipment.payment.paid_by)] },
          { name: words.shipDate, value: calendarDay(options?.shipment_date) },
          { name: words.labelFormat, value: shipment.label_type },
          { name: words.made, value: <Timestamp at={shipment.created_at} format="time" /> },
        ]}
      />
    </Section>
  );
}

/** What whoever made the shipment keeps with it. */
function Metadata({ of }: { of: unknown }) {
  const facts = factsOf(of);
  if (facts.length === 0) return null;
  return (
    <Section title={words.form.extras.metadata}>
      <Facts facts={facts} />
    </Section>
  );
}

/** Free data by its names; what is no text is shown as JSON. */
function factsOf(data: unknown): { name: string; value: string }[] {
  return Object.entries((data ?? {}) as Record<string, unknown>).map(([name, value]) => ({
    name,
    value: typeof value === "string" ? value : JSON.stringify(value),
  }));
}

function Addresses({ shipment }: { shipment: Shipment }) {
  const all: [name: string, address: Shipment["shipper"] | null | undefined][] = [
    [words.sender, shipment.shipper],
    [words.receiver, shipment.recipient],
    [words.returnTo, shipment.return_address],
    [words.billTo, shipment.billing_address],
  ];
  return (
    <Section title={words.addresses}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md">
        {all.map(([name, address]) =>
          address ? (
            <Box key={name}>
              <Text size="xs" c="dimmed" mb={2}>
                {name}
              </Text>
              {linesOf(address).map((line) => (
                <Text key={line} size="sm">
                  {line}
                </Text>
              ))}
              {factsOf(address.meta).map(({ name: field, value }) => (
                <Text key={field} size="xs" c="dimmed" className={classes.data ?? ""}>
                  {field}: {value}
                </Text>
              ))}
            </Box>
          ) : null,
        )}
      </SimpleGrid>
    </Section>
  );
}
