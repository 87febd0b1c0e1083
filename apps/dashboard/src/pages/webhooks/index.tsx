import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Webhooks() {
  return (
    <Page title={strings.webhooks.title} description={strings.webhooks.description} permission="webhooks:read">
      {null}
    </Page>
  );
}
