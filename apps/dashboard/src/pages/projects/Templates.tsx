import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction, useList } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable, FormErrors, Timestamp } from "@/ui";
import type { PartProps } from "./ProjectDetail";
import { PROJECTS } from "./useProject";

type Template = Schema<"TemplateView">;
const words = strings.projects.templates;
const LIST = "/management/v1/projects/{projectId}/templates/campaigns";

/** Campaign templates, to be made and copied. */
export function Templates({ project, mayChange }: PartProps) {
  const list = useList(LIST, { params: { path: { projectId: project.id }, query: { limit: 100 } } });
  const [chosen, setChosen] = useState<Template | "new" | null>(null);
  const close = () => setChosen(null);
  return (
    <Stack gap="md">
      <Group justify="flex-end">
        <Button disabled={!mayChange} onClick={() => setChosen("new")}>
          {words.add}
        </Button>
      </Group>
      <DataTable
        list={list}
        columns={[
          { key: "name", header: strings.projects.name, cell: ({ name }) => name },
          { key: "type", header: words.type, cell: ({ campaign_type }) => words.types[campaign_type] ?? campaign_type },
          { key: "made", header: words.created, cell: ({ created_at }) => <Timestamp at={created_at} /> },
        ]}
        rowKey={({ id }) => id}
        caption={words.caption}
        empty={{ title: words.empty, description: words.emptyText }}
        actions={(row) =>
          mayChange ? (
            <Button size="xs" variant="default" onClick={() => setChosen(row)}>
              {words.copy}
            </Button>
          ) : null
        }
      />
      <Modal
        opened={chosen !== null}
        onClose={close}
        title={chosen === "new" ? words.add : words.copyTitle}
        closeButtonProps={{ "aria-label": strings.common.close }}
      >
        <TemplateForm projectId={project.id} from={chosen === "new" ? null : chosen} onDone={close} />
      </Modal>
    </Stack>
  );
}

function TemplateForm({ projectId, from, onDone }: { projectId: string; from: Template | null; onDone: () => void }) {
  const projects = useList(PROJECTS);
  const form = useForm({
    initialValues: { name: from?.name ?? "", campaign_type: "DISCOUNT_COUPONS", destination_project_id: projectId },
  });
  const save = useAction(
    ({ name, campaign_type, destination_project_id }: typeof form.values) =>
      from
        ? api.post(`${LIST}/{campaignTemplateId}/copy`, {
            params: { path: { projectId, campaignTemplateId: from.id } },
            body: { name, destination_project_id },
          })
        : api.post(LIST, { params: { path: { projectId } }, body: { name, campaign_type } }),
    { invalidates: [PROJECTS], done: from ? words.copied : strings.projects.saved, onSuccess: onDone },
  );
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack gap="sm">
        <TextInput label={strings.projects.name} required data-autofocus {...form.getInputProps("name")} />
        {from ? (
          <Select
            label={words.destination}
            data={projects.rows.map(({ id, name }) => ({ value: id, label: name }))}
            allowDeselect={false}
            {...form.getInputProps("destination_project_id")}
          />
        ) : (
          <Select
            label={words.type}
            data={Object.entries(words.types).map(([value, label]) => ({ value, label }))}
            allowDeselect={false}
            {...form.getInputProps("campaign_type")}
          />
        )}
        <FormErrors form={form} error={save.error} />
        <Button type="submit" loading={save.isPending}>
          {strings.common.save}
        </Button>
      </Stack>
    </form>
  );
}
