import { Select, Skeleton, Tabs } from "@mantine/core";
import type { ComponentType } from "react";
import { useNavigate, useParams } from "react-router";
import type { Schema } from "@/api/client";
import { useGet } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { BackLink, ErrorAlert, Page } from "@/ui";
import { Branding } from "./Branding";
import { EventSchemas } from "./EventSchemas";
import { General } from "./General";
import { Members } from "./Members";
import { MetadataSchemas } from "./MetadataSchemas";
import { StackingRules } from "./StackingRules";
import { Templates } from "./Templates";
import { useMayChange } from "./useProject";
import { Webhooks } from "./Webhooks";

const words = strings.projects;

export interface PartProps {
  project: Schema<"ProjectView">;
  /** Whether one may change what hangs on the project. */
  mayChange: boolean;
}

type Tab = keyof typeof words.tabs;

const PARTS: Record<Tab, ComponentType<PartProps>> = {
  general: General,
  members: Members,
  metadata: MetadataSchemas,
  events: EventSchemas,
  stacking: StackingRules,
  webhooks: Webhooks,
  branding: Branding,
  templates: Templates,
};

const TABS = Object.keys(PARTS) as Tab[];

/** A project, its parts in tabs; on phones chosen from a list. */
export function ProjectDetail() {
  const { projectId = "", tab } = useParams();
  const mayRead = useCan("projects:read");
  const path = { projectId };
  const { data, error, refetch } = useGet(
    "/management/v1/projects/{projectId}",
    { params: { path } },
    { enabled: mayRead },
  );
  const back = <BackLink to="/projects">{words.back}</BackLink>;
  return (
    <Page title={data?.name ?? words.title} description={data?.description} permission="projects:read" above={back}>
      {error ? (
        <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={refetch} />
      ) : data ? (
        <Parts project={data} tab={TABS.find((each) => each === tab) ?? "general"} />
      ) : (
        <Skeleton height={240} role="status" aria-label={strings.common.loading} />
      )}
    </Page>
  );
}

function Parts({ project, tab }: { project: Schema<"ProjectView">; tab: Tab }) {
  const navigate = useNavigate();
  const mayChange = useMayChange(project.id);
  const go = (next: string | null) => navigate(`/projects/${project.id}/${next ?? ""}`, { replace: true });
  const Part = PARTS[tab];
  // Both ways to choose are there, and the width shows one of them: a part that were made anew when a window is resized would forget what is
  // typed into it.
  return (
    <Tabs value={tab} onChange={go} keepMounted={false} activateTabWithKeyboard={false}>
      <Select
        label={words.tabList}
        data={TABS.map((value) => ({ value, label: words.tabs[value] }))}
        value={tab}
        onChange={go}
        allowDeselect={false}
        mb="md"
        hiddenFrom="md"
      />
      <Tabs.List mb="lg" aria-label={words.tabList} visibleFrom="md">
        {TABS.map((value) => (
          <Tabs.Tab key={value} value={value} px="sm">
            {words.tabs[value]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={tab}>
        <Part key={project.id} project={project} mayChange={mayChange} />
      </Tabs.Panel>
    </Tabs>
  );
}
