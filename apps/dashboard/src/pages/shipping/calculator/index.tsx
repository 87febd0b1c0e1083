import { ShippingKeyGate } from "@/auth/ShippingKeyGate";
import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Calculator() {
  return (
    <Page title={strings.calculator.title} description={strings.calculator.description}>
      <ShippingKeyGate>{null}</ShippingKeyGate>
    </Page>
  );
}
