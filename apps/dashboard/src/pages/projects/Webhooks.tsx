import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useList } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable, StatusBadge } from "@/ui";
import type { PartProps } from "./ProjectDetail";
import { PROJECTS } from "./useProject";
import { useRemove } from "./useRemove";
import { HookForm } from "./webhooks/HookForm";
import { HookMenu } from "./webhooks/HookMenu";
import { SendOuts } from "./webhooks/SendOuts";
import { TestModal } from "./webhooks/TestModal";

type Hook = Schema<"HookView">;
const words = strings.projects.hooks;
const LIST = "/management/v1/projects/{projectId}/webhooks";

/** Where a project's events go. */
export function Webhooks({ project, mayChange }: PartProps) {
  const projectId = project.id;
  const list = useList(LIST, { params: { path: { projectId } } });
  const [edited, setEdited] = useState<Hook | "new" | null>(null);
  const [tested, setTested] = useState<Hook | null>(null);
  const [logged, setLogged] = useState<Hook | null>(null);
  const of = ({ id }: Hook) => ({ params: { path: { projectId, webhookId: id } } });
  const remove = useRemove<Hook>({
    act: (hook) => api.delete(`${LIST}/{webhookId}`, of(hook)),
    title: words.removeTitle,
    text: ({ target_url }) => words.removeText(target_url),
    done: words.removed,
    invalidates: [PROJECTS],
  });
  const close = () => setEdited(null);
  // As it is now: it may have been switched off, or be gone.
  const log = logged && list.rows.find(({ id }) => id === logged.id);
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
          <HookMenu
            hook={hook}
            mayChange={mayChange}
            onLog={() => setLogged(hook)}
            onTest={() => setTested(hook)}
            onEdit={() => setEdited(hook)}
            onRemove={() => remove.ask(hook)}
          />
        )}
      />
      {log ? (
        <SendOuts key={log.id} projectId={projectId} hook={log} mayChange={mayChange} onClose={() => setLogged(null)} />
      ) : null}
      <TestModal projectId={projectId} hook={tested} onClose={() => setTested(null)} onSent={setLogged} />
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
