import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Organization() {
  return (
    <Page
      title={strings.organization.title}
      description={strings.organization.description}
      permission="organizations:read"
    >
      {null}
    </Page>
  );
}
