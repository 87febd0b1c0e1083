import { api } from "@/api/client";
import { useList } from "@/api/hooks";
import { strings } from "@/strings";
import type { PartProps } from "./ProjectDetail";
import { SchemaTable } from "./SchemaTable";

const words = strings.projects.schemas;
const TYPES = ["string", "number", "boolean", "date", "datetime", "geopoint", "image_url"];

/** Which own fields objects may have. */
export function MetadataSchemas({ project, mayChange }: PartProps) {
  const { id: projectId } = project;
  const path = "/management/v1/projects/{projectId}/metadata-schemas";
  const list = useList(path, { params: { path: { projectId } } });
  const rows = list.rows.map(({ id, related_object, properties }) => ({ id, name: related_object, properties }));
  return (
    <SchemaTable
      list={{ ...list, rows }}
      mayChange={mayChange}
      types={TYPES}
      caption={words.metadataCaption}
      nameLabel={words.object}
      addLabel={words.addMetadata}
      empty={{ title: words.metadataEmpty, description: words.metadataEmptyText }}
      create={(name, { field, type, optional }) =>
        api.post(path, {
          params: { path: { projectId } },
          body: { related_object: name, properties: { [field]: { type, optional, array: false } } },
        })
      }
      extend={(metadataSchemaId, { field, type, optional }) =>
        api.put(`${path}/{metadataSchemaId}`, {
          params: { path: { projectId, metadataSchemaId } },
          body: { properties: { [field]: { type, optional, array: false } } },
        })
      }
      remove={(metadataSchemaId) =>
        api.delete(`${path}/{metadataSchemaId}`, { params: { path: { projectId, metadataSchemaId } } })
      }
    />
  );
}
