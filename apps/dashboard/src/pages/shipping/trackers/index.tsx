import { ShippingKeyGate } from "@/auth/ShippingKeyGate";
import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Trackers() {
  return (
    <Page title={strings.trackers.title} description={strings.trackers.description}>
      <ShippingKeyGate>{null}</ShippingKeyGate>
    </Page>
  );
}
