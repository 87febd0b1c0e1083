// A definition of a metadata schema as a form holds it: every restriction is there, empty when it is not used.
import type { Schema } from "@/api/client";
import { strings } from "@/strings";

type Definition = Schema<"DefinitionBody">;
type Amount = number | string;

const words = strings.projects.definitions;

/** Kinds of objects that have a schema by nature. Every other name is a custom schema, for nested objects. */
export const STANDARD: readonly string[] = [
  "campaign",
  "customer",
  "earning_rule",
  "loyalty_tier",
  "order",
  "order_item",
  "product",
  "promotion_tier",
  "publication",
  "redemption",
  "reward",
  "voucher",
];

export const TYPES = Object.keys(words.types) as (keyof typeof words.types)[];
export const LENGTHS = ["min_length", "max_length", "exact_length"] as const;
export const BOUNDS = ["gt", "gte", "lt", "lte"] as const;

type Restriction = (typeof LENGTHS)[number] | (typeof BOUNDS)[number];

export type FieldValues = Record<Restriction, Amount> & {
  /** Tells fields apart, whatever they are called. */
  key: string;
  name: string;
  /** Whether the schema has it already: its name and type are fixed then. */
  known: boolean;
  type: string;
  optional: boolean;
  array: boolean;
  deleted: boolean;
  object_type: string;
  eq: string[];
  ne: string[];
};

let made = 0;

/** A field without a name. */
export function emptyField(): FieldValues {
  return { ...fromDefinition("", { type: "string", optional: true, array: false }), known: false };
}

export function fromDefinition(name: string, definition: Definition): FieldValues {
  made += 1;
  const { type, optional, array, deleted, object_type, eq, ne } = definition;
  const amounts = Object.fromEntries([...LENGTHS, ...BOUNDS].map((each) => [each, definition[each] ?? ""]));
  return {
    ...(amounts as Record<Restriction, Amount>),
    key: `field-${made}`,
    name,
    known: true,
    type,
    optional,
    array,
    deleted: deleted ?? false,
    object_type: object_type ?? "",
    eq: (eq ?? []).map(String),
    ne: (ne ?? []).map(String),
  };
}

/** What is sent of a field: only what its type has. */
export function toDefinition(field: FieldValues): Definition {
  const { type, optional, array, deleted } = field;
  const amounts = (names: readonly Restriction[]) =>
    Object.fromEntries(names.filter((each) => field[each] !== "").map((each) => [each, Number(field[each])]));
  const list = <T>(values: T[], name: string) => (values.length > 0 ? { [name]: values } : {});
  const own = () => {
    if (type === "string") return { ...amounts(LENGTHS), ...list(field.eq, "eq") };
    if (type === "object") return { object_type: field.object_type.trim() || null };
    if (type !== "number") return {};
    return { ...amounts(BOUNDS), ...list(field.eq.map(Number), "eq"), ...list(field.ne.map(Number), "ne") };
  };
  return { type, optional, array, deleted, ...own() };
}

/** Whether two fields would be sent alike. */
export function isSame(a: FieldValues, b: FieldValues): boolean {
  return JSON.stringify(toDefinition(a)) === JSON.stringify(toDefinition(b));
}

/** What is said of a field in one line: `Text, list, optional, at most 10 characters`. */
export function summary(definition: Definition): string {
  const { type, array, optional, object_type, eq, ne } = definition;
  const name = words.types[type as keyof typeof words.types] ?? type;
  const amounts = [...LENGTHS, ...BOUNDS].flatMap((each) => {
    const amount = definition[each];
    return amount === null || amount === undefined ? [] : [words.amounts[each](amount)];
  });
  return [
    object_type ? words.objectOf(object_type) : name,
    array ? words.list : null,
    (optional ? words.optional : words.required).toLowerCase(),
    ...amounts,
    eq && eq.length > 0 ? words.oneOf(eq.join(", ")) : null,
    ne && ne.length > 0 ? words.noneOf(ne.join(", ")) : null,
  ]
    .filter(Boolean)
    .join(", ");
}

/** Each field has a name of its own. */
export function nameFaults(fields: readonly { name: string }[]): Record<string, string> {
  const faults: Record<string, string> = {};
  const names = fields.map(({ name }) => name.trim());
  for (const [index, name] of names.entries()) {
    if (!name) faults[`fields.${index}.name`] = words.nameMissing;
    else if (names.indexOf(name) !== index) faults[`fields.${index}.name`] = words.nameTwice;
  }
  return faults;
}

/** What the form itself sees: names, and numbers that are none. */
export function faultsOf(fields: readonly FieldValues[]): Record<string, string> {
  const faults = nameFaults(fields);
  for (const [index, field] of fields.entries()) {
    if (field.type !== "number") continue;
    for (const list of ["eq", "ne"] as const) {
      if (field[list].some((text) => text.trim() === "" || Number.isNaN(Number(text)))) {
        faults[`fields.${index}.${list}`] = words.numbersOnly;
      }
    }
  }
  return faults;
}

/** The server's paths, such as `properties.size.eq.0`, to the form's. */
export function aliasesOf(paths: readonly string[], fields: readonly { name: string }[]): Record<string, string> {
  const found = paths.flatMap((path) => {
    const owners = fields
      .map(({ name }, index) => ({ index, prefix: `properties.${name.trim()}` }))
      .filter(({ prefix }) => path === prefix || path.startsWith(`${prefix}.`))
      .sort((a, b) => b.prefix.length - a.prefix.length);
    const [owner] = owners;
    if (!owner) return [];
    const [attribute = "name"] = path.slice(owner.prefix.length + 1).split(".");
    return [[path, `fields.${owner.index}.${attribute || "name"}`]];
  });
  return Object.fromEntries(found);
}
