import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Audit() {
  return (
    <Page title={strings.audit.title} description={strings.audit.description} permission="audit:read">
      {null}
    </Page>
  );
}
