import { Button, Group, Stack } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";

interface EntryFormProps<V extends Record<string, unknown>> {
  form: UseFormReturnType<V>;
  /** Where the entry stands in the sheet, as errors say it: `zones[2]`. */
  path: string;
  error: unknown;
  saving: boolean;
  onSubmit: (values: V) => void;
  onCancel: () => void;
  children: ReactNode;
}

/** The frame of a form for one entry of a sheet's list. */
export function EntryForm<V extends Record<string, unknown>>(props: EntryFormProps<V>) {
  const { form, path, error, saving, onSubmit, onCancel, children } = props;
  const aliases = Object.fromEntries(Object.keys(form.getValues()).map((name) => [`${path}.${name}`, name]));
  return (
    <form onSubmit={form.onSubmit(onSubmit)}>
      <Stack gap="md">
        {children}
        <FormErrors form={form} error={error} aliases={aliases} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {strings.common.cancel}
          </Button>
          <Button type="submit" loading={saving}>
            {strings.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
