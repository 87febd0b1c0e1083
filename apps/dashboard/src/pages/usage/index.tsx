import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Usage() {
  return (
    <Page title={strings.usage.title} description={strings.usage.description} permission="usage:read">
      {null}
    </Page>
  );
}
