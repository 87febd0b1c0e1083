import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Hygiene() {
  return (
    <Page title={strings.hygiene.title} description={strings.hygiene.description} permission="api-keys:read">
      {null}
    </Page>
  );
}
