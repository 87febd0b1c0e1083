import { Button, Code, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useGet, useList } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable, ErrorAlert } from "@/ui";
import type { PartProps } from "./ProjectDetail";
import { summary } from "./schema/definition";
import { SchemaForm } from "./schema/SchemaForm";
import classes from "./schema/schema.module.css";
import { PROJECTS } from "./useProject";
import { useRemove } from "./useRemove";

type Row = Schema<"SchemaView">;

const words = strings.projects.schemas;
const LIST = "/management/v1/projects/{projectId}/metadata-schemas";

/** Which own fields objects may have. */
export function MetadataSchemas({ project, mayChange }: PartProps) {
  const { id: projectId } = project;
  const list = useList(LIST, { params: { path: { projectId } } });
  const [chosen, setChosen] = useState<Row | "new" | null>(null);
  const names = list.rows.map(({ related_object }) => related_object);
  const close = () => setChosen(null);
  const remove = useRemove<Row>({
    act: ({ id }) =>
      api.delete(`${LIST}/{metadataSchemaId}`, { params: { path: { projectId, metadataSchemaId: id } } }),
    title: words.removeTitle,
    text: ({ related_object }) => words.removeText(related_object),
    done: words.removed,
    invalidates: [PROJECTS],
  });
  return (
    <Stack gap="md" align="stretch">
      <Group justify="flex-end">
        <Button disabled={!mayChange} onClick={() => setChosen("new")}>
          {words.addMetadata}
        </Button>
      </Group>
      <DataTable
        list={list}
        columns={[
          { key: "name", header: words.object, cell: ({ related_object }) => related_object },
          { key: "fields", header: words.fields, cell: ({ properties }) => <Fields of={properties} /> },
          {
            key: "strict",
            header: words.strict,
            cell: ({ allow_defined_only }) => (allow_defined_only ? words.strictYes : words.strictNo),
          },
        ]}
        rowKey={({ id }) => id}
        caption={words.metadataCaption}
        empty={{ title: words.metadataEmpty, description: words.metadataEmptyText }}
        {...(mayChange
          ? {
              actions: (row: Row) => (
                <Group gap="xs" justify="flex-end" wrap="nowrap">
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => setChosen(row)}
                    aria-label={words.editTitle(row.related_object)}
                  >
                    {strings.projects.edit}
                  </Button>
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => remove.ask(row)}
                    aria-label={words.removeOf(row.related_object)}
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
        title={chosen === "new" || !chosen ? words.addMetadata : words.editTitle(chosen.related_object)}
        closeButtonProps={{ "aria-label": strings.common.close }}
      >
        {chosen === "new" ? <SchemaForm projectId={projectId} schema={null} names={names} onDone={close} /> : null}
        {chosen && chosen !== "new" ? <Edit projectId={projectId} id={chosen.id} names={names} onDone={close} /> : null}
      </Modal>
      {remove.modal}
    </Stack>
  );
}

/** The form with the schema as it is now, and its tag, so that nobody's change is lost. */
function Edit({ id, ...props }: { id: string; projectId: string; names: string[]; onDone: () => void }) {
  const path = { projectId: props.projectId, metadataSchemaId: id };
  const { data, etag, error, refetch } = useGet(`${LIST}/{metadataSchemaId}`, { params: { path } });
  if (error) return <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={refetch} />;
  if (!data) return <Skeleton height={240} role="status" aria-label={strings.common.loading} />;
  return <SchemaForm key={etag} schema={data} etag={etag} {...props} />;
}

function Fields({ of }: { of: Row["properties"] }) {
  const shown = Object.entries(of).filter(([, { deleted }]) => !deleted);
  if (shown.length === 0) return <Text size="sm">{words.noFields}</Text>;
  return (
    <ul className={classes.fields}>
      {shown.map(([name, definition]) => (
        <li key={name}>
          <Text size="sm" component="span">
            <Code>{name}</Code> {summary(definition)}
          </Text>
        </li>
      ))}
    </ul>
  );
}
