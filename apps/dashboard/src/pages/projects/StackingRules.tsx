import { Button, Group, NumberInput, Paper, Select, Skeleton, Stack, TagsInput, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema } from "@/api/client";
import { useAction, useGet } from "@/api/hooks";
import { strings } from "@/strings";
import { ErrorAlert, FormErrors } from "@/ui";
import type { PartProps } from "./ProjectDetail";
import { PROJECTS } from "./useProject";
import { useRemove } from "./useRemove";

const words = strings.projects.stacking;
const LIST = "/management/v1/projects/{projectId}/stacking-rules";
const MODES = {
  discount_calculation_mode: ["INITIAL_AMOUNT", "DISCOUNTED_AMOUNT"],
  redeemables_application_mode: ["ALL", "PARTIAL"],
  redeemables_sorting_rule: ["CATEGORY_HIERARCHY", "REQUESTED_ORDER"],
  redeemables_products_application_mode: ["STACK", "ONCE"],
  redeemables_no_effect_rule: ["REDEEM_ANYWAY", "SKIP"],
  redeemables_rollback_order_mode: ["WITH_ORDER", "WITHOUT_ORDER"],
} as const;
type Mode = keyof typeof MODES;

/** How several redeemables work together. */
export function StackingRules(props: PartProps) {
  const { data, error, refetch } = useGet(LIST, { params: { path: { projectId: props.project.id } } });
  const [rules] = data?.data ?? [];
  if (error) return <ErrorAlert error={error} retry={refetch} />;
  if (!rules) return <Skeleton height={300} role="status" aria-label={strings.common.loading} />;
  return <RulesForm key={rules.updated_at ?? rules.id ?? "defaults"} rules={rules} {...props} />;
}

function RulesForm({ rules, project, mayChange }: PartProps & { rules: Schema<"RulesView"> }) {
  const { id, created_at, updated_at, ...initialValues } = rules;
  const form = useForm({ initialValues });
  const path = { projectId: project.id, stackingRulesId: id ?? "" };
  const save = useAction(
    (body: typeof initialValues) =>
      id
        ? api.put(`${LIST}/{stackingRulesId}`, { params: { path }, body })
        : api.post(LIST, { params: { path: { projectId: project.id } }, body }),
    { invalidates: [PROJECTS], done: strings.projects.saved },
  );
  const reset = useRemove<string>({
    act: () => api.delete(`${LIST}/{stackingRulesId}`, { params: { path } }),
    title: words.resetTitle,
    text: () => words.resetText,
    done: strings.projects.saved,
    invalidates: [PROJECTS],
  });
  return (
    <Paper p="lg" bg="var(--app-surface)" maw={640}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          <Text size="sm">{id ? words.own : words.defaults}</Text>
          {Object.entries(words.numbers).map(([name, label]) => (
            <NumberInput
              key={name}
              label={label}
              min={1}
              max={30}
              disabled={!mayChange}
              {...form.getInputProps(name)}
            />
          ))}
          {Object.entries(words.modes).map(([name, label]) => (
            <Select
              key={name}
              label={label}
              data={MODES[name as Mode].map((value) => ({ value, label: words.choices[value] ?? value }))}
              allowDeselect={false}
              disabled={!mayChange}
              {...form.getInputProps(name)}
            />
          ))}
          {Object.entries(words.categories).map(([name, label]) => (
            <TagsInput
              key={name}
              label={label}
              description={words.categoriesHint}
              disabled={!mayChange}
              {...form.getInputProps(name)}
            />
          ))}
          <FormErrors form={form} error={save.error} />
          <Group justify="space-between">
            <Button variant="default" disabled={!mayChange || !id} onClick={() => id && reset.ask(id)}>
              {words.reset}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={!mayChange}>
              {strings.common.save}
            </Button>
          </Group>
        </Stack>
      </form>
      {reset.modal}
    </Paper>
  );
}
