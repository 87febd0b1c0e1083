import type { UseFormReturnType } from "@mantine/form";
import { useEffect, useState } from "react";
import { ErrorAlert } from "./ErrorAlert";
import { showAtFields } from "./form";

interface FormErrorsProps<V extends Record<string, unknown>> {
  form: UseFormReturnType<V>;
  error: unknown;
  /** The API's field names to the form's, where they differ. */
  aliases?: Record<string, string>;
  title?: string;
}

const NO_ALIASES: Record<string, string> = {};

/** Puts an error's reasons at the fields of the form, and the rest into an alert. Render it inside the form, above its button. */
export function FormErrors<V extends Record<string, unknown>>(props: FormErrorsProps<V>) {
  const { form, error, aliases = NO_ALIASES, title } = props;
  const [shown, setShown] = useState<string[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the form is a new object at each render; only a new error is news
  useEffect(() => {
    setShown(error ? showAtFields(form, error, aliases) : []);
  }, [error]);
  return <ErrorAlert error={error} shownElsewhere={shown} {...(title ? { title } : {})} />;
}
