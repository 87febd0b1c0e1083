import { Button } from "@mantine/core";
import { IconMapOff } from "@tabler/icons-react";
import { Link } from "react-router";
import { strings } from "@/strings";
import { EmptyState, Page } from "@/ui";

export default function NotFound() {
  return (
    <Page title={strings.shell.notFoundTitle}>
      <EmptyState
        icon={IconMapOff}
        title={strings.shell.notFoundText}
        action={
          <Button component={Link} to="/" variant="light" mt="xs">
            {strings.shell.toOverview}
          </Button>
        }
      />
    </Page>
  );
}
