import { Checkbox, Code, Group, Input, Switch, Text } from "@mantine/core";
import { strings } from "@/strings";
import { EVENTS, toggled, typesOf, unknownEntries, withFamily } from "./events";
import classes from "./webhooks.module.css";

const words = strings.webhooks;

interface EventPickerProps {
  value: string[];
  onChange: (value: string[]) => void;
  error?: string | undefined;
}

/** Chooses what an endpoint is told: all, whole groups, or single events. */
export function EventPicker({ value, onChange, error }: EventPickerProps) {
  const all = value.includes("*");
  const other = unknownEntries(value);
  return (
    <Input.Wrapper label={words.events} description={words.eventsHint} error={error} labelElement="div">
      <div className={classes.groups}>
        <Switch
          mt="sm"
          label={words.allEvents}
          checked={all}
          data-path="events"
          onChange={(event) => onChange(event.currentTarget.checked ? ["*"] : [])}
        />
        {all
          ? null
          : EVENTS.map(([family]) => <Family key={family} family={family} value={value} onChange={onChange} />)}
        {other.length > 0 ? (
          <Group gap="xs">
            <Text size="sm" c="dimmed">
              {words.other}
            </Text>
            {other.map((entry) => (
              <Code key={entry}>{entry}</Code>
            ))}
          </Group>
        ) : null}
      </div>
    </Input.Wrapper>
  );
}

function Family({ family, value, onChange }: { family: string; value: string[]; onChange: (value: string[]) => void }) {
  const types = EVENTS.find(([name]) => name === family)?.[1] ?? [];
  const name = words.groups[family] ?? family;
  const whole = value.includes(`${family}.*`);
  const chosen = typesOf(value.filter((entry) => entry.startsWith(`${family}.`)));
  return (
    <fieldset className={classes.group}>
      <legend>{name}</legend>
      <Checkbox
        label={name}
        description={types.length > 1 ? words.allOf : words.eventTexts[types[0] ?? ""]}
        checked={whole}
        indeterminate={!whole && chosen.length > 0}
        onChange={(event) => onChange(withFamily(value, family, event.currentTarget.checked))}
      />
      {types.length > 1 ? (
        <div className={classes.single}>
          {types.map((type) => (
            <Checkbox
              key={type}
              size="xs"
              label={words.eventTexts[type] ?? type}
              description={type}
              checked={whole || value.includes(type)}
              disabled={whole}
              onChange={(event) => onChange(toggled(value, type, event.currentTarget.checked))}
            />
          ))}
        </div>
      ) : null}
    </fieldset>
  );
}
