import { Checkbox } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { resourceName } from "./model";
import classes from "./ScopePicker.module.css";

const words = strings.keys.form;

interface ScopeGroupProps {
  resource: string;
  scopes: Schema<"ScopeView">[];
  value: string[];
  onChange: (scopes: string[]) => void;
  set: (scope: string, on: boolean) => void;
}

/** The scopes of one resource: one box for each action, and one for all of them. */
export function ScopeGroup({ resource, scopes, value, onChange, set }: ScopeGroupProps) {
  const name = resourceName(resource);
  const wildcard = `${resource}:*`;
  const whole = value.includes(wildcard);
  const setWhole = (on: boolean) => {
    const others = value.filter((held) => !held.startsWith(`${resource}:`));
    onChange(on ? [...others, wildcard] : others);
  };
  return (
    <fieldset className={classes.group} aria-label={name}>
      <span className={classes.name} title={scopes[0]?.description ?? ""} aria-hidden>
        {name}
      </span>
      <div className={classes.boxes}>
        {scopes.map(({ scope, action }) => (
          <Checkbox
            key={scope}
            size="sm"
            label={action}
            aria-label={words.oneLabel(name, action)}
            checked={whole || value.includes(scope)}
            disabled={whole}
            onChange={(event) => set(scope, event.currentTarget.checked)}
          />
        ))}
        {scopes.length > 1 || whole ? (
          <Checkbox
            size="sm"
            label={words.whole}
            aria-label={words.wholeLabel(name)}
            checked={whole}
            onChange={(event) => setWhole(event.currentTarget.checked)}
          />
        ) : null}
      </div>
    </fieldset>
  );
}
