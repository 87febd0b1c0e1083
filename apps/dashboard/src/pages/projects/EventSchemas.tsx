import { Button, Code, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useGet, useList } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable, ErrorAlert, Timestamp } from "@/ui";
import type { PartProps } from "./ProjectDetail";
import { attributeSummary } from "./schema/attribute";
import { EventSchemaForm } from "./schema/EventSchemaForm";
import classes from "./schema/schema.module.css";
import { PROJECTS } from "./useProject";
import { useRemove } from "./useRemove";

type Row = Schema<"EventSchemaView">;

const words = strings.projects.schemas;
const LIST = "/management/v1/projects/{projectId}/custom-event-schemas";

/** Which attributes custom events have. */
export function EventSchemas({ project, mayChange }: PartProps) {
  const { id: projectId } = project;
  const list = useList(LIST, { params: { path: { projectId } } });
  const [chosen, setChosen] = useState<Row | "new" | null>(null);
  const close = () => setChosen(null);
  const remove = useRemove<Row>({
    act: ({ id }) =>
      api.delete(`${LIST}/{customEventSchemaId}`, { params: { path: { projectId, customEventSchemaId: id } } }),
    title: words.removeTitle,
    text: ({ name }) => words.removeText(name),
    done: words.removed,
    invalidates: [PROJECTS],
  });
  return (
    <Stack gap="md" align="stretch">
      <Group justify="flex-end">
        <Button disabled={!mayChange} onClick={() => setChosen("new")}>
          {words.addEvent}
        </Button>
      </Group>
      <DataTable
        list={list}
        columns={[
          { key: "name", header: words.event, cell: ({ name }) => name },
          { key: "fields", header: words.fields, cell: ({ schema }) => <Fields of={schema.properties} /> },
          {
            key: "changed",
            header: words.changed,
            cell: ({ created_at, updated_at }) => <Timestamp at={updated_at ?? created_at} />,
          },
        ]}
        rowKey={({ id }) => id}
        caption={words.eventCaption}
        empty={{ title: words.eventEmpty, description: words.eventEmptyText }}
        {...(mayChange
          ? {
              actions: (row: Row) => (
                <Group gap="xs" justify="flex-end" wrap="nowrap">
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => setChosen(row)}
                    aria-label={words.editTitle(row.name)}
                  >
                    {strings.projects.edit}
                  </Button>
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => remove.ask(row)}
                    aria-label={words.removeOf(row.name)}
                  >
                    {strings.projects.remove}
                  </Button>
                </Group>
              ),
            }
          : {})}
      />
      <Modal
        opened={chosen !== null}
        onClose={close}
        size="lg"
        closeOnClickOutside={false}
        title={chosen === "new" || !chosen ? words.addEvent : words.editTitle(chosen.name)}
        closeButtonProps={{ "aria-label": strings.common.close }}
      >
        {chosen === "new" ? <EventSchemaForm projectId={projectId} schema={null} onDone={close} /> : null}
        {chosen && chosen !== "new" ? <Edit projectId={projectId} id={chosen.id} onDone={close} /> : null}
      </Modal>
      {remove.modal}
    </Stack>
  );
}

/** The form with the schema as it is now, and its tag, so that nobody's change is lost. */
function Edit({ projectId, id, onDone }: { projectId: string; id: string; onDone: () => void }) {
  const params = { path: { projectId, customEventSchemaId: id } };
  const { data, etag, error, refetch } = useGet(`${LIST}/{customEventSchemaId}`, { params });
  if (error) return <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={refetch} />;
  if (!data) return <Skeleton height={240} role="status" aria-label={strings.common.loading} />;
  return <EventSchemaForm key={etag} projectId={projectId} schema={data} etag={etag} onDone={onDone} />;
}

function Fields({ of }: { of: Row["schema"]["properties"] }) {
  const shown = Object.entries(of).filter(([, { deleted }]) => !deleted);
  if (shown.length === 0) return <Text size="sm">{words.noFields}</Text>;
  return (
    <ul className={classes.fields}>
      {shown.map(([name, attribute]) => (
        <li key={name}>
          <Text size="sm" component="span">
            <Code>{name}</Code> {attributeSummary(attribute)}
          </Text>
        </li>
      ))}
    </ul>
  );
}
