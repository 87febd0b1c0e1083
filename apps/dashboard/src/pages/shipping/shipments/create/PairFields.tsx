import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useRef } from "react";
import { strings } from "@/strings";
import classes from "./create.module.css";
import type { Values } from "./draft";
import { emptyPair, type Pair } from "./extras";

const words = strings.shipments.form;

interface PairFieldsProps {
  form: UseFormReturnType<Values>;
  /** Where the pairs are in the form. */
  path: string;
  pairs: readonly Pair[];
  /** What they are called, above them; nothing where a heading says so. */
  legend?: string;
  hint: string;
  words: {
    name: (number: number) => string;
    value: (number: number) => string;
    drop: (name: string) => string;
    add: string;
    /** What the button to add is called where there are several. */
    addName?: string;
  };
}

/** Names and their values; one can add and remove them. */
export function PairFields({ form, path, pairs, legend, hint, words: own }: PairFieldsProps) {
  const button = useRef<HTMLButtonElement>(null);
  const add = () => {
    form.insertListItem(path, emptyPair() as never);
    requestAnimationFrame(() =>
      requestAnimationFrame(() => form.getInputNode(`${path}.${pairs.length}.name`)?.focus()),
    );
  };
  const remove = (index: number) => {
    form.removeListItem(path, index);
    button.current?.focus();
  };
  return (
    <fieldset className={classes.parcel}>
      {legend && pairs.length > 0 ? <legend>{legend}</legend> : null}
      {pairs.length > 0 ? (
        <Text size="xs" c="dimmed" mb="xs">
          {hint}
        </Text>
      ) : null}
      <Stack gap="xs">
        {pairs.map(({ key, name }, index) => (
          <div key={key} className={classes.pair}>
            <TextInput
              aria-label={own.name(index + 1)}
              placeholder={words.nameHint}
              maxLength={100}
              {...form.getInputProps(`${path}.${index}.name`)}
            />
            <TextInput
              aria-label={own.value(index + 1)}
              placeholder={words.valueHint}
              maxLength={500}
              {...form.getInputProps(`${path}.${index}.value`)}
            />
            <Button
              variant="default"
              size="sm"
              onClick={() => remove(index)}
              aria-label={own.drop(name.trim() || String(index + 1))}
            >
              {words.drop}
            </Button>
          </div>
        ))}
      </Stack>
      <Group mt={pairs.length > 0 ? "xs" : 0}>
        <Button
          ref={button}
          variant="default"
          size="xs"
          onClick={add}
          {...(own.addName ? { "aria-label": own.addName } : {})}
        >
          {own.add}
        </Button>
      </Group>
    </fieldset>
  );
}
