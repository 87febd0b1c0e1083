import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Overview() {
  return (
    <Page title={strings.overview.title} description={strings.overview.description} permission="usage:read">
      {null}
    </Page>
  );
}
