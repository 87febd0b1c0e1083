import { Anchor, Button, Tooltip } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { type Column, DataTable, Page } from "@/ui";
import { CreateProject } from "./CreateProject";
import { PROJECTS } from "./useProject";

const words = strings.projects;

const columns: Column<Schema<"ProjectView">>[] = [
  {
    key: "name",
    header: words.name,
    cell: ({ id, name }) => (
      <Anchor component={Link} to={`/projects/${id}`} fw={550} size="sm">
        {name}
      </Anchor>
    ),
  },
  { key: "description", header: words.projectDescription, cell: ({ description }) => description || "–" },
  { key: "currency", header: words.currency, cell: ({ currency }) => currency },
  { key: "timezone", header: words.timezone, cell: ({ timezone }) => timezone },
  { key: "cluster", header: words.cluster, cell: ({ cluster_id }) => cluster_id },
];

export function ProjectList() {
  const mayRead = useCan("projects:read");
  const mayWrite = useCan("projects:write");
  const list = useList(PROJECTS, undefined, { enabled: mayRead });
  const [opened, setOpened] = useState(false);
  const create = (
    <Tooltip label={words.noWrite} disabled={mayWrite}>
      <Button leftSection={<IconPlus size={16} />} onClick={() => setOpened(true)} disabled={!mayWrite}>
        {words.create}
      </Button>
    </Tooltip>
  );
  return (
    <Page title={words.title} description={words.description} permission="projects:read" actions={create}>
      <DataTable
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        caption={words.caption}
        empty={{ title: words.empty, description: words.emptyText }}
      />
      <CreateProject opened={opened} onClose={() => setOpened(false)} />
    </Page>
  );
}
