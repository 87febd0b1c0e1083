import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Users() {
  return (
    <Page title={strings.users.title} description={strings.users.description} permission="users:read">
      {null}
    </Page>
  );
}
