import { Button, Group, Stack } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { type ReactNode, useRef } from "react";
import { strings } from "@/strings";
import classes from "./create.module.css";
import type { Values } from "./draft";

interface FieldRowsProps<Row> {
  form: UseFormReturnType<Values>;
  /** Where the rows are in the form. */
  path: string;
  rows: readonly Row[];
  /** Another row, like the one before it. */
  empty: (like?: Row) => Row;
  /** The field that has the focus when a row is added. */
  first: string;
  least?: number;
  most?: number;
  add: string;
  /** What the button to add is called where there are several. */
  addName?: string;
  legend: (number: number) => string;
  drop: (number: number) => string;
  children: (path: string, index: number) => ReactNode;
}

/** Things of one kind, each with fields of its own; one can add and remove them. */
export function FieldRows<Row extends { key: number }>(props: FieldRowsProps<Row>) {
  const { form, path, rows, empty, first, least = 0, most = 100, add, addName, legend, drop, children } = props;
  const button = useRef<HTMLButtonElement>(null);
  const insert = () => {
    form.insertListItem(path, empty(rows.at(-1)) as never);
    requestAnimationFrame(() =>
      requestAnimationFrame(() => form.getInputNode(`${path}.${rows.length}.${first}`)?.focus()),
    );
  };
  const remove = (index: number) => {
    form.removeListItem(path, index);
    button.current?.focus();
  };
  return (
    <Stack gap="lg">
      {rows.map(({ key }, index) => (
        <fieldset key={key} className={classes.parcel}>
          <legend>{legend(index + 1)}</legend>
          {children(`${path}.${index}`, index)}
          {rows.length > least ? (
            <Group justify="flex-end" mt="xs">
              <Button variant="default" size="xs" onClick={() => remove(index)} aria-label={drop(index + 1)}>
                {strings.shipments.form.drop}
              </Button>
            </Group>
          ) : null}
        </fieldset>
      ))}
      <Group>
        <Button
          ref={button}
          variant="default"
          size="xs"
          onClick={insert}
          disabled={rows.length >= most}
          {...(addName ? { "aria-label": addName } : {})}
        >
          {add}
        </Button>
      </Group>
    </Stack>
  );
}
