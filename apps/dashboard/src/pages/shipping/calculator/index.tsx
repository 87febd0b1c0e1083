import { ShippingKeyGate } from "@/auth/ShippingKeyGate";
import { strings } from "@/strings";
import { Page } from "@/ui";
import { Calculator } from "./Calculator";

export default function CalculatorPage() {
  return (
    <Page title={strings.calculator.title} description={strings.calculator.description}>
      <ShippingKeyGate>
        <Calculator />
      </ShippingKeyGate>
    </Page>
  );
}
