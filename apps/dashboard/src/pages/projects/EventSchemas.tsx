import { api } from "@/api/client";
import { useGet, useList } from "@/api/hooks";
import { strings } from "@/strings";
import { Timestamp } from "@/ui";
import type { PartProps } from "./ProjectDetail";
import { attributeSummary } from "./schema/attribute";
import { EventSchemaForm } from "./schema/EventSchemaForm";
import { Current, FieldList, SchemaTable } from "./schema/SchemaTable";

const words = strings.projects.schemas;
const LIST = "/management/v1/projects/{projectId}/custom-event-schemas";

/** Which attributes custom events have. */
export function EventSchemas({ project, mayChange }: PartProps) {
  const { id: projectId } = project;
  const list = useList(LIST, { params: { path: { projectId } } });
  return (
    <SchemaTable
      list={list}
      columns={[
        { key: "name", header: words.event, cell: ({ name }) => name },
        {
          key: "fields",
          header: words.fields,
          cell: ({ schema }) => <FieldList of={schema.properties} summary={attributeSummary} />,
        },
        {
          key: "changed",
          header: words.changed,
          cell: ({ created_at, updated_at }) => <Timestamp at={updated_at ?? created_at} />,
        },
      ]}
      nameOf={({ name }) => name}
      mayChange={mayChange}
      remove={({ id }) =>
        api.delete(`${LIST}/{customEventSchemaId}`, { params: { path: { projectId, customEventSchemaId: id } } })
      }
      words={{
        add: words.addEvent,
        caption: words.eventCaption,
        empty: words.eventEmpty,
        emptyText: words.eventEmptyText,
      }}
      form={(row, onDone) => {
        const props = { projectId, onDone };
        return row ? <Edit id={row.id} {...props} /> : <EventSchemaForm schema={null} {...props} />;
      }}
    />
  );
}

function Edit({ id, ...props }: { id: string; projectId: string; onDone: () => void }) {
  const path = { projectId: props.projectId, customEventSchemaId: id };
  const loaded = useGet(`${LIST}/{customEventSchemaId}`, { params: { path } });
  const { etag } = loaded;
  return (
    <Current loaded={loaded}>
      {(schema) => <EventSchemaForm key={etag} schema={schema} etag={etag} {...props} />}
    </Current>
  );
}
