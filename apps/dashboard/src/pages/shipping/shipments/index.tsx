import { ShippingKeyGate } from "@/auth/ShippingKeyGate";
import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Shipments() {
  return (
    <Page title={strings.shipments.title} description={strings.shipments.description}>
      <ShippingKeyGate>{null}</ShippingKeyGate>
    </Page>
  );
}
