import { Paper, Select } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { INTERVALS, type Interval, type Range } from "./range";
import { type Split, SURFACES, type Surface } from "./series";
import classes from "./usage.module.css";
import type { Question } from "./useUsage";

const words = strings.usage;

interface FiltersProps {
  question: Question;
  onChange: (change: Partial<Question>) => void;
  /** `null` for roles that may not see keys. */
  keys: readonly Schema<"KeyView">[] | null;
}

const options = (labels: Record<string, string>) => Object.entries(labels).map(([value, label]) => ({ value, label }));

/** What is counted, and how it is cut. */
export function Filters({ question, onChange, keys }: FiltersProps) {
  const { range, interval, split, surface, key } = question;
  const intervals = INTERVALS[range].map((value) => ({ value, label: words.intervals[value] }));
  const splits = options(words.splits).filter(({ value }) => keys || value !== "key");
  return (
    <Paper p="md" bg="var(--app-surface)" component="section" aria-label={strings.usage.filtersLabel}>
      <div className={classes.filters}>
        <Select
          label={words.range}
          data={options(words.ranges)}
          value={range}
          allowDeselect={false}
          onChange={(value) => onChange({ range: value as Range, interval: fitting(value as Range, interval) })}
        />
        <Select
          label={words.interval}
          data={intervals}
          value={interval}
          allowDeselect={false}
          disabled={intervals.length === 1}
          onChange={(value) => onChange({ interval: value as Interval })}
        />
        <Select
          label={words.split}
          data={splits}
          value={split}
          allowDeselect={false}
          onChange={(value) => onChange({ split: value as Split })}
        />
        <Select
          label={words.surface}
          data={SURFACES.map((value) => ({ value, label: words.surfaces[value] }))}
          value={surface}
          placeholder={words.allSurfaces}
          clearable
          onChange={(value) => onChange({ surface: value as Surface | null })}
        />
        {keys ? (
          <Select
            label={words.key}
            data={keys.map(({ id, name, last_four }) => ({ value: id, label: `${name} (${last_four})` }))}
            value={key}
            placeholder={words.allKeys}
            searchable
            clearable
            nothingFoundMessage={words.noKey}
            onChange={(value) => onChange({ key: value })}
          />
        ) : null}
      </div>
    </Paper>
  );
}

function fitting(range: Range, interval: Interval): Interval {
  const [first = "day", ...others] = INTERVALS[range];
  return others.includes(interval) ? interval : first;
}
