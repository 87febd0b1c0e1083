import { api } from "@/api/client";
import { useList } from "@/api/hooks";
import { strings } from "@/strings";
import type { PartProps } from "./ProjectDetail";
import { SchemaTable } from "./SchemaTable";

const words = strings.projects.schemas;
const TYPES = ["string", "number", "boolean", "date", "datetime"];

/** Which attributes custom events have. */
export function EventSchemas({ project, mayChange }: PartProps) {
  const { id: projectId } = project;
  const path = "/management/v1/projects/{projectId}/custom-event-schemas";
  const list = useList(path, { params: { path: { projectId } } });
  const rows = list.rows.map(({ id, name, schema }) => ({ id, name, properties: schema.properties }));
  return (
    <SchemaTable
      list={{ ...list, rows }}
      mayChange={mayChange}
      types={TYPES}
      caption={words.eventCaption}
      nameLabel={words.event}
      addLabel={words.addEvent}
      empty={{ title: words.eventEmpty, description: words.eventEmptyText }}
      create={(name, { field, type, optional }) =>
        api.post(path, {
          params: { path: { projectId } },
          body: { name, schema: { properties: { [field]: { type, optional } } } },
        })
      }
      extend={(customEventSchemaId, { field, type, optional }) =>
        api.put(`${path}/{customEventSchemaId}`, {
          params: { path: { projectId, customEventSchemaId } },
          body: { schema: { properties: { [field]: { type, optional } } } },
        })
      }
      remove={(customEventSchemaId) =>
        api.delete(`${path}/{customEventSchemaId}`, { params: { path: { projectId, customEventSchemaId } } })
      }
    />
  );
}
