import { Button, Stack } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { EmptyState, ErrorAlert, Page } from "@/ui";
import { KEYS } from "../keys/model";
import { useKeyActions } from "../keys/useKeyActions";
import { FindingsSection, sectionId } from "./FindingsSection";
import { asksForRefusals, findings, type Section } from "./rules";
import { Summary } from "./Summary";
import { useRefusals } from "./useRefusals";

const words = strings.hygiene;
const SECTIONS: Section[] = ["safe", "forever", "idle", "wide"];

export default function Hygiene() {
  return (
    <Page title={words.title} description={words.description} permission="api-keys:read">
      <Report />
    </Page>
  );
}

function Report() {
  const [now] = useState(() => Date.now());
  const list = useList(KEYS, { params: { query: { status: "active", limit: 100 } } });
  const canCount = useCan("usage:read");
  const asked = list.rows.filter((key) => asksForRefusals(key, now));
  const counted = useRefusals(asked, canCount);
  const { choose, dialogs } = useKeyActions(sectionId("safe"));
  if (!list.isPending && !list.error && list.rows.length === 0) {
    return (
      <EmptyState
        title={words.noKeys}
        description={words.noKeysText}
        action={
          <Button component={Link} to="/keys" variant="default" mt="sm">
            {words.toKeys}
          </Button>
        }
      />
    );
  }
  if (list.error && list.rows.length === 0) {
    return <ErrorAlert error={list.error} title={strings.common.loadErrorTitle} retry={list.refetch} />;
  }
  const found = findings(list.rows, counted.refusals, now);
  const isPending = list.isPending || counted.isPending;
  return (
    <Stack gap="xl">
      <Summary found={found} sections={SECTIONS} isPending={isPending} />
      {counted.error ? <ErrorAlert error={counted.error} title={words.partial} /> : null}
      {SECTIONS.map((section) => (
        <FindingsSection
          key={section}
          section={section}
          found={found[section]}
          isPending={isPending}
          onChoose={(choice, row) => choose(choice, row, section)}
        />
      ))}
      {dialogs}
    </Stack>
  );
}
