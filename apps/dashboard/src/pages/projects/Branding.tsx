import { Button, Fieldset, Group, Paper, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema } from "@/api/client";
import { useAction, useGet } from "@/api/hooks";
import { strings } from "@/strings";
import { ErrorAlert, FormErrors } from "@/ui";
import type { PartProps } from "./ProjectDetail";
import { PROJECTS } from "./useProject";
import { useRemove } from "./useRemove";

const words = strings.projects.branding;
const LIST = "/management/v1/projects/{projectId}/branding";
const FIELDS = {
  brand: ["name", "website_url", "privacy_policy_url", "terms_of_use_url", "permission_reminder"],
  address: ["street", "city", "postal", "state", "country"],
  contact: ["email", "phone"],
} as const;
const REQUIRED = ["name", "street", "city", "country", "email"];
const LABELS: Record<string, string> = {
  ...words,
  website_url: words.website,
  privacy_policy_url: words.privacy,
  terms_of_use_url: words.terms,
  permission_reminder: words.reminder,
};
type Part = keyof typeof FIELDS;

/** The project's brand. */
export function Branding(props: PartProps) {
  const { data, error, refetch } = useGet(LIST, { params: { path: { projectId: props.project.id } } });
  if (error) return <ErrorAlert error={error} retry={refetch} />;
  if (!data) return <Skeleton height={300} role="status" aria-label={strings.common.loading} />;
  const [brand = null] = data.data;
  return <BrandForm key={brand?.id ?? "new"} brand={brand} {...props} />;
}

function BrandForm({ brand, project, mayChange }: PartProps & { brand: Schema<"BrandView"> | null }) {
  const of = (group: Part) => {
    const known = (brand?.[group] ?? {}) as Record<string, string | null>;
    return Object.fromEntries(FIELDS[group].map((field) => [field, known[field] ?? ""]));
  };
  const form = useForm({ initialValues: { brand: of("brand"), address: of("address"), contact: of("contact") } });
  const save = useAction(
    (values: typeof form.values) => {
      const sent = Object.fromEntries(
        Object.entries(values).map(([group, fields]) => [
          group,
          Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, text || null])),
        ]),
      );
      const projectId = project.id;
      return brand
        ? api.put(`${LIST}/{brandingId}`, { params: { path: { projectId, brandingId: brand.id } }, body: sent })
        : api.post(LIST, { params: { path: { projectId } }, body: sent as unknown as Schema<"BrandBody"> });
    },
    { invalidates: [PROJECTS], done: strings.projects.saved },
  );
  const remove = useRemove<string>({
    act: (brandingId) =>
      api.delete(`${LIST}/{brandingId}`, { params: { path: { projectId: project.id, brandingId } } }),
    title: words.removeTitle,
    text: () => words.removeText,
    done: words.removed,
    invalidates: [PROJECTS],
  });
  return (
    <Paper p="lg" bg="var(--app-surface)" maw={640}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="md">
          {brand ? null : <Text size="sm">{words.empty}</Text>}
          {(Object.keys(FIELDS) as Part[]).map((group) => (
            <Fieldset key={group} legend={words[group]} disabled={!mayChange}>
              <Stack gap="sm">
                {FIELDS[group].map((field) => (
                  <TextInput
                    key={field}
                    label={LABELS[field] ?? field}
                    required={REQUIRED.includes(field)}
                    {...form.getInputProps(`${group}.${field}`)}
                  />
                ))}
              </Stack>
            </Fieldset>
          ))}
          <FormErrors form={form} error={save.error} />
          <Group justify="space-between">
            {brand && mayChange ? (
              <Button variant="default" onClick={() => remove.ask(brand.id)}>
                {words.remove}
              </Button>
            ) : (
              <span />
            )}
            <Button type="submit" loading={save.isPending} disabled={!mayChange}>
              {strings.common.save}
            </Button>
          </Group>
        </Stack>
      </form>
      {remove.modal}
    </Paper>
  );
}
