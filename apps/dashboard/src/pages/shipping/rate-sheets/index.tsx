import { strings } from "@/strings";
import { Page } from "@/ui";

export default function RateSheets() {
  return (
    <Page title={strings.rateSheets.title} description={strings.rateSheets.description} permission="rate-sheets:read">
      {null}
    </Page>
  );
}
