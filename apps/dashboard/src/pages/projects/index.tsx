import { strings } from "@/strings";
import { Page } from "@/ui";

export default function Projects() {
  return (
    <Page title={strings.projects.title} description={strings.projects.description} permission="projects:read">
      {null}
    </Page>
  );
}
