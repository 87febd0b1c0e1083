import { TagsInput, type TagsInputProps } from "@mantine/core";

interface ListFieldProps extends Omit<TagsInputProps, "description"> {
  label: string;
  hint: string;
}

/** Several values; Enter adds one, and so does leaving the field. */
export function ListField({ label, hint, ...field }: ListFieldProps) {
  return <TagsInput label={label} description={hint} acceptValueOnBlur splitChars={[]} {...field} />;
}
