import { Anchor, Badge, Group, SimpleGrid } from "@mantine/core";
import { Link, useParams } from "react-router";
import type { Schema } from "@/api/client";
import { useGet } from "@/api/hooks";
import { ShippingKeyGate, useShippingKey } from "@/auth/ShippingKeyGate";
import { strings } from "@/strings";
import { CopyButton, Page, StatusBadge, Timestamp } from "@/ui";
import { BackLink } from "../shared/BackLink";
import { Details } from "../shared/Details";
import { Facts } from "../shared/Facts";
import { Messages } from "../shared/Messages";
import { calendarDay } from "../shared/money";
import { Section } from "../shared/Section";
import { Events } from "./Events";
import { InjectButton } from "./InjectButton";

const words = strings.trackers;

/** One tracker. */
export function TrackerPage() {
  const { id = "" } = useParams();
  const key = useShippingKey();
  const tracker = useGet("/v1/trackers/{id}", { params: { path: { id } } }, { enabled: key !== null });
  const data = key ? tracker.data : undefined;
  return (
    <Page
      title={words.detailTitle(data?.tracking_number ?? null)}
      above={<BackLink to="/shipping/trackers">{words.back}</BackLink>}
      actions={
        data ? (
          <>
            <StatusBadge status={data.status} />
            <Badge variant="outline" color="gray" tt="none">
              {data.test_mode ? strings.shipments.test : strings.shipments.live}
            </Badge>
            <InjectButton tracker={data} />
          </>
        ) : null
      }
    >
      <ShippingKeyGate>
        <Details loaded={tracker}>
          {(found) => (
            <>
              <Messages messages={found.messages} />
              <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
                <Section title={words.timeline}>
                  <Events events={found.events} />
                </Section>
                <Overview tracker={found} />
              </SimpleGrid>
            </>
          )}
        </Details>
      </ShippingKeyGate>
    </Page>
  );
}

function Overview({ tracker }: { tracker: Schema<"Tracker"> }) {
  return (
    <Section title={words.overview}>
      <Facts
        facts={[
          {
            name: words.number,
            value: (
              <Group gap={4} wrap="nowrap">
                {tracker.tracking_number}
                <CopyButton value={tracker.tracking_number} name={words.number} />
              </Group>
            ),
          },
          { name: words.carrier, value: tracker.carrier_name },
          { name: words.expected, value: calendarDay(tracker.estimated_delivery) },
          {
            name: words.shipment,
            value: tracker.shipment_id ? (
              <Anchor component={Link} to={`/shipping/shipments/${tracker.shipment_id}`} size="sm">
                {words.openShipment}
              </Anchor>
            ) : null,
          },
          { name: words.made, value: <Timestamp at={tracker.created_at} format="time" /> },
          { name: words.updated, value: <Timestamp at={tracker.updated_at} /> },
        ]}
      />
    </Section>
  );
}
