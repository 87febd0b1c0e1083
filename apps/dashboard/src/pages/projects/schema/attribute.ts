// An attribute of a custom event as a form holds it.
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { aliasesOf } from "./definition";

type Attribute = Schema<"AttributeBody">;

const words = strings.projects.definitions;

export const ATTRIBUTE_TYPES = ["string", "number", "boolean", "date", "datetime"] as const;

export interface AttributeValues {
  /** Tells attributes apart, whatever they are called. */
  key: string;
  name: string;
  /** Whether the schema has it already: its name is fixed then, its type is not. */
  known: boolean;
  type: string;
  optional: boolean;
  deleted: boolean;
}

let made = 0;

export function fromAttribute(name: string, { type, optional, deleted }: Attribute): AttributeValues {
  made += 1;
  return { key: `attribute-${made}`, name, known: true, type, optional, deleted: deleted ?? false };
}

/** An attribute without a name. */
export const emptyAttribute = (): AttributeValues => ({
  ...fromAttribute("", { type: "string", optional: true }),
  known: false,
});

export const toAttribute = ({ type, optional, deleted }: AttributeValues): Attribute => ({ type, optional, deleted });

/** `Text, optional`. */
export function attributeSummary({ type, optional }: Attribute): string {
  const name = words.types[type as keyof typeof words.types] ?? type;
  return `${name}, ${(optional ? words.optional : words.required).toLowerCase()}`;
}

/** Those that would be sent otherwise than before, by name. */
export function changed(
  before: readonly AttributeValues[],
  now: readonly AttributeValues[],
): Record<string, Attribute> {
  const former = new Map(before.map((each) => [each.key, JSON.stringify(toAttribute(each))]));
  const news = now.filter((each) => !each.known || former.get(each.key) !== JSON.stringify(toAttribute(each)));
  return Object.fromEntries(news.map((each) => [each.name.trim(), toAttribute(each)]));
}

/** The server's paths, such as `schema.properties.size.type`, to the form's. */
export function attributeAliases(
  paths: readonly string[],
  attributes: readonly AttributeValues[],
): Record<string, string> {
  const inner = "schema.";
  const ours = paths.filter((path) => path.startsWith(inner)).map((path) => path.slice(inner.length));
  const found = Object.entries(aliasesOf(ours, attributes));
  return Object.fromEntries(found.map(([path, field]) => [`${inner}${path}`, field]));
}
