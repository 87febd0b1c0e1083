import { Button, NativeSelect, TextInput } from "@mantine/core";
import { strings } from "@/strings";
import { useActors } from "./actors";
import classes from "./audit.module.css";
import { type Filters, isFiltered } from "./filters";

const words = strings.audit;

/** The actions there are, in groups; the words before the dot say which. */
const ACTIONS = Object.entries(words.groups)
  .map(([family, group]) => ({
    group,
    items: Object.entries(words.actions)
      .filter(([action]) => action.startsWith(`${family}.`))
      .map(([value, label]) => ({ value, label })),
  }))
  .filter(({ items }) => items.length > 0);

interface FilterBarProps {
  filters: Filters;
  set: (name: keyof Filters, value: string) => void;
  clear: () => void;
}

/** Chooses which entries are shown. */
export function FilterBar({ filters, set, clear }: FilterBarProps) {
  const { members, managing, isKnown, nameOf } = useActors();
  const option = ({ id, name }: { id: string; name: string }) => ({ value: id, label: name });
  const people = [
    ...(filters.actor && !isKnown(filters.actor)
      ? [{ value: filters.actor, label: `${nameOf(filters.actor)} ${filters.actor}` }]
      : []),
    { value: "system", label: words.system },
  ];
  const actors = [
    { value: "", label: words.anybody },
    ...people,
    { group: words.people, items: members.map(option) },
    { group: words.keys, items: managing.map(option) },
  ].filter((entry) => !("items" in entry) || entry.items.length > 0);
  const other = filters.action && !(filters.action in words.actions) ? [filters.action] : [];
  return (
    <search className={classes.filters} aria-label={words.filters}>
      <NativeSelect
        label={words.actor}
        data={actors}
        value={filters.actor}
        onChange={(event) => set("actor", event.currentTarget.value)}
      />
      <NativeSelect
        label={words.action}
        data={[{ value: "", label: words.anything }, ...other, ...ACTIONS]}
        value={filters.action}
        onChange={(event) => set("action", event.currentTarget.value)}
      />
      <TextInput
        type="date"
        label={words.from}
        value={filters.from}
        max={filters.to}
        onChange={(event) => set("from", event.currentTarget.value)}
      />
      <TextInput
        type="date"
        label={words.to}
        value={filters.to}
        min={filters.from}
        onChange={(event) => set("to", event.currentTarget.value)}
      />
      <Button variant="default" onClick={clear} disabled={!isFiltered(filters)}>
        {words.clear}
      </Button>
    </search>
  );
}
