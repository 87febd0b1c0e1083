import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Keys() {
  return (
    <Page title={strings.keys.title} description={strings.keys.description} permission="api-keys:read">
      {null}
    </Page>
  );
}
