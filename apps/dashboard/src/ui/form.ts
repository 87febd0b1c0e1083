import type { UseFormReturnType } from "@mantine/form";
import { asApiError } from "@/api/error";
import { sentence } from "./ErrorAlert";

/** `zones[0].rate` as Mantine's forms say it: `zones.0.rate`. */
export function formPath(path: string): string {
  return path.replaceAll(/\[(\d+)\]/g, ".$1");
}

/**
 * Shows an error's reasons at the fields of a form they are about, and focuses the first. Returns the paths that it found a field for: pass
 * them to `ErrorAlert` as `shownElsewhere`. `aliases` maps the API's names to the form's.
 */
export function showAtFields<V extends Record<string, unknown>>(
  form: UseFormReturnType<V>,
  error: unknown,
  aliases: Record<string, string> = {},
): string[] {
  const shown: string[] = [];
  const errors: Record<string, string> = {};
  for (const [path, reason] of Object.entries(asApiError(error).details)) {
    const field = aliases[path] ?? formPath(path);
    if (form.getInputNode(field) || field in form.getValues()) {
      errors[field] = sentence(reason);
      shown.push(path);
    }
  }
  form.setErrors(errors);
  const [first] = Object.keys(errors);
  if (first) form.getInputNode(first)?.focus();
  return shown;
}
