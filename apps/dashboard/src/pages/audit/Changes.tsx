import { Stack, Switch, Text } from "@mantine/core";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import classes from "./audit.module.css";
import { membersOf } from "./values";

const words = strings.audit;
/** Different after every change: it says nothing. */
const IMPLIED = ["updated_at"];

/** The object before and after, member by member; at first only what is different. */
export function Changes({ entry }: { entry: Schema<"AuditView"> }) {
  const [whole, setWhole] = useState(false);
  const { before, after } = entry;
  if (!before && !after) {
    return (
      <Text size="sm" c="dimmed">
        {words.noChanges}
      </Text>
    );
  }
  const members = membersOf(entry);
  const different = members.filter((each) => each.before !== each.after && !IMPLIED.includes(each.path));
  const shown = whole || !before || !after ? members : different;
  return (
    <Stack gap="sm">
      {before && after ? (
        <Switch label={words.others} checked={whole} onChange={(event) => setWhole(event.currentTarget.checked)} />
      ) : (
        <Text size="sm" c="dimmed">
          {before ? words.removed : words.created}
        </Text>
      )}
      {shown.length === 0 ? (
        <Text size="sm" c="dimmed">
          {words.noChanges}
        </Text>
      ) : null}
      <ul className={classes.changes}>
        {shown.map(({ path, before: old, after: now }) => (
          <li key={path} className={classes.change}>
            <Text size="sm" fw={550}>
              {path}
            </Text>
            <dl className={classes.sides}>
              {before ? <Side name={words.before} value={old} tone={old === now ? "" : (classes.gone ?? "")} /> : null}
              {after ? <Side name={words.after} value={now} tone={old === now ? "" : (classes.new ?? "")} /> : null}
            </dl>
          </li>
        ))}
      </ul>
    </Stack>
  );
}

function Side({ name, value, tone }: { name: string; value: string | null; tone: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={value === null || value === "" ? classes.none : tone}>{value || words.nothing}</dd>
    </div>
  );
}
