import { api } from "@/api/client";
import { useGet, useList } from "@/api/hooks";
import { strings } from "@/strings";
import type { PartProps } from "./ProjectDetail";
import { summary } from "./schema/definition";
import { SchemaForm } from "./schema/SchemaForm";
import { Current, FieldList, SchemaTable } from "./schema/SchemaTable";

const words = strings.projects.schemas;
const LIST = "/management/v1/projects/{projectId}/metadata-schemas";

/** Which own fields objects may have. */
export function MetadataSchemas({ project, mayChange }: PartProps) {
  const { id: projectId } = project;
  const list = useList(LIST, { params: { path: { projectId } } });
  const names = list.rows.map(({ related_object }) => related_object);
  return (
    <SchemaTable
      list={list}
      columns={[
        { key: "name", header: words.object, cell: ({ related_object }) => related_object },
        {
          key: "fields",
          header: words.fields,
          cell: ({ properties }) => <FieldList of={properties} summary={summary} />,
        },
        {
          key: "strict",
          header: words.strict,
          cell: ({ allow_defined_only }) => (allow_defined_only ? words.strictYes : words.strictNo),
        },
      ]}
      nameOf={({ related_object }) => related_object}
      mayChange={mayChange}
      remove={({ id }) =>
        api.delete(`${LIST}/{metadataSchemaId}`, { params: { path: { projectId, metadataSchemaId: id } } })
      }
      words={{
        add: words.addMetadata,
        caption: words.metadataCaption,
        empty: words.metadataEmpty,
        emptyText: words.metadataEmptyText,
      }}
      form={(row, onDone) => {
        const props = { projectId, names, onDone };
        return row ? <Edit id={row.id} {...props} /> : <SchemaForm schema={null} {...props} />;
      }}
    />
  );
}

function Edit({ id, ...props }: { id: string; projectId: string; names: string[]; onDone: () => void }) {
  const path = { projectId: props.projectId, metadataSchemaId: id };
  const loaded = useGet(`${LIST}/{metadataSchemaId}`, { params: { path } });
  const { etag } = loaded;
  return (
    <Current loaded={loaded}>{(schema) => <SchemaForm key={etag} schema={schema} etag={etag} {...props} />}</Current>
  );
}
