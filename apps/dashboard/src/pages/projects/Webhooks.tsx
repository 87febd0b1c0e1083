import { Button, Checkbox, Group, Modal, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction, useList } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable, FormErrors, StatusBadge } from "@/ui";
import type { PartProps } from "./ProjectDetail";
import { SendOuts } from "./SendOuts";
import { PROJECTS } from "./useProject";
import { useRemove } from "./useRemove";

type Hook = Schema<"HookView">;
const words = strings.projects.hooks;
const LIST = "/management/v1/projects/{projectId}/webhooks";

/** Where a project's events go. */
export function Webhooks({ project, mayChange }: PartProps) {
  const projectId = project.id;
  const list = useList(LIST, { params: { path: { projectId } } });
  const [edited, setEdited] = useState<Hook | "new" | null>(null);
  const [logged, setLogged] = useState<Hook | null>(null);
  const of = ({ id }: Hook) => ({ params: { path: { projectId, webhookId: id } } });
  const remove = useRemove<Hook>({
    act: (hook) => api.delete(`${LIST}/{webhookId}`, of(hook)),
    title: words.removeTitle,
    text: ({ target_url }) => words.removeText(target_url),
    done: words.removed,
    invalidates: [PROJECTS],
  });
  const test = useAction((hook: Hook) => api.post(`${LIST}/{webhookId}/test`, { ...of(hook), body: {} }), {
    invalidates: [PROJECTS],
    done: words.testSent,
    notifyErrors: true,
  });
  const close = () => setEdited(null);
  return (
    <Stack gap="md">
      <Group justify="flex-end">
        <Button disabled={!mayChange} onClick={() => setEdited("new")}>
          {words.add}
        </Button>
      </Group>
      <DataTable
        list={list}
        columns={[
          { key: "url", header: words.url, cell: ({ target_url }) => target_url },
          { key: "events", header: words.events, cell: ({ events }) => <Text size="sm">{events.join(", ")}</Text> },
          {
            key: "state",
            header: words.state,
            cell: ({ active }) => (
              <StatusBadge status={active ? "active" : "inactive"} label={active ? words.active : words.off} />
            ),
          },
        ]}
        rowKey={({ id }) => id}
        caption={words.caption}
        empty={{ title: words.empty, description: words.emptyText }}
        actions={(hook) => (
          <Group gap={4} justify="flex-end">
            <Button size="xs" variant="default" onClick={() => setLogged(hook)}>
              {words.log}
            </Button>
            {mayChange ? (
              <>
                <Button
                  size="xs"
                  variant="default"
                  disabled={!hook.active}
                  title={hook.active ? "" : words.testOff}
                  onClick={() => test.mutate(hook)}
                >
                  {words.test}
                </Button>
                <Button size="xs" variant="default" onClick={() => setEdited(hook)}>
                  {strings.projects.edit}
                </Button>
                <Button size="xs" variant="default" onClick={() => remove.ask(hook)}>
                  {strings.projects.remove}
                </Button>
              </>
            ) : null}
          </Group>
        )}
      />
      {logged ? <SendOuts projectId={projectId} hook={logged} mayChange={mayChange} /> : null}
      <Modal
        opened={edited !== null}
        onClose={close}
        title={edited === "new" ? words.add : words.editTitle}
        closeButtonProps={{ "aria-label": strings.common.close }}
      >
        <HookForm projectId={projectId} hook={edited === "new" ? null : edited} onDone={close} />
      </Modal>
      {remove.modal}
    </Stack>
  );
}

function HookForm({ projectId, hook, onDone }: { projectId: string; hook: Hook | null; onDone: () => void }) {
  const form = useForm({
    initialValues: { target_url: hook?.target_url ?? "", events: hook?.events ?? [], active: hook?.active ?? true },
  });
  const save = useAction(
    (body: typeof form.values) =>
      hook
        ? api.put(`${LIST}/{webhookId}`, { params: { path: { projectId, webhookId: hook.id } }, body })
        : api.post(LIST, { params: { path: { projectId } }, body }),
    { invalidates: [PROJECTS], done: strings.projects.saved, onSuccess: onDone },
  );
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack gap="sm">
        <TextInput label={words.url} type="url" required data-autofocus {...form.getInputProps("target_url")} />
        <TagsInput label={words.events} description={words.eventsHint} required {...form.getInputProps("events")} />
        <Checkbox label={words.activeField} {...form.getInputProps("active", { type: "checkbox" })} />
        <FormErrors form={form} error={save.error} />
        <Button type="submit" loading={save.isPending}>
          {strings.common.save}
        </Button>
      </Stack>
    </form>
  );
}
