import { Tabs, Text } from "@mantine/core";
import { useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { Page } from "@/ui";
import { focusLater } from "./focus";
import { GENERATE, GenerateButton } from "./GenerateButton";
import { KeysPanel } from "./KeysPanel";
import type { Kind } from "./model";

const words = strings.keys;
const PATHS: Record<Kind, string> = { secret: "/keys", management: "/keys/management" };

export default function Keys() {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const canRead = useCan("api-keys:read");
  const kind: Kind = pathname.startsWith(PATHS.management) ? "management" : "secret";
  const [creating, setCreating] = useState(false);
  const stopCreating = () => {
    setCreating(false);
    focusLater(GENERATE);
  };
  return (
    <Page
      title={words.title}
      description={words.description}
      permission="api-keys:read"
      actions={canRead ? <GenerateButton onClick={() => setCreating(true)} /> : null}
    >
      <Tabs
        value={kind}
        onChange={(value) => navigate(PATHS[value as Kind], { preventScrollReset: true })}
        keepMounted={false}
      >
        <Tabs.List aria-label={words.tabsLabel} mb="md">
          <Tabs.Tab value="secret">{words.tabs.secret}</Tabs.Tab>
          <Tabs.Tab value="management">{words.tabs.management}</Tabs.Tab>
        </Tabs.List>
        {(["secret", "management"] as const).map((each) => (
          <Tabs.Panel key={each} value={each}>
            <Text size="sm" c="dimmed" mb="lg">
              {words.about[each]}
            </Text>
            <KeysPanel kind={each} creating={creating} stopCreating={stopCreating} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
