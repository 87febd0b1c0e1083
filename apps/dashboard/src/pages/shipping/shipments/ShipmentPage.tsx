import { Badge, Stack } from "@mantine/core";
import { useParams } from "react-router";
import { useGet } from "@/api/hooks";
import { ShippingKeyGate, useShippingKey } from "@/auth/ShippingKeyGate";
import { strings } from "@/strings";
import { Page, StatusBadge } from "@/ui";
import { BackLink } from "../shared/BackLink";
import { Details } from "../shared/Details";
import { CancelButton } from "./CancelButton";
import { ShipmentDetails } from "./ShipmentDetails";

const words = strings.shipments;

/** One shipment. */
export function ShipmentPage() {
  const { id = "" } = useParams();
  const key = useShippingKey();
  const shipment = useGet("/v1/shipments/{id}", { params: { path: { id } } }, { enabled: key !== null });
  const { data } = shipment;
  return (
    <Page
      title={words.detailTitle(key && data ? (data.reference ?? null) : null)}
      above={<BackLink to="/shipping/shipments">{words.back}</BackLink>}
      actions={
        key && data ? (
          <>
            <StatusBadge status={data.status} />
            <Badge variant="outline" color="gray" tt="none">
              {data.test_mode ? words.test : words.live}
            </Badge>
            <CancelButton shipment={data} />
          </>
        ) : null
      }
    >
      <ShippingKeyGate>
        <Details loaded={shipment}>
          {(found) => (
            <Stack gap="md">
              <ShipmentDetails shipment={found} />
            </Stack>
          )}
        </Details>
      </ShippingKeyGate>
    </Page>
  );
}
