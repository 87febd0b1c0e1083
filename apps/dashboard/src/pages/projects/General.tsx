import { Button, Code, Group, Paper, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "react-router";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { CopyButton, FormErrors } from "@/ui";
import { TIMEZONES } from "./CreateProject";
import classes from "./General.module.css";
import type { PartProps } from "./ProjectDetail";
import { PROJECTS } from "./useProject";
import { useRemove } from "./useRemove";

const words = strings.projects;

/** A project's own fields. */
export function General({ project, mayChange }: PartProps) {
  const mayWrite = useCan("projects:write");
  const navigate = useNavigate();
  const { name, description, currency, timezone, dial_code } = project;
  const form = useForm({
    initialValues: { name, description: description ?? "", currency, timezone, dial_code: dial_code ?? "" },
  });
  const params = { path: { projectId: project.id } };
  const save = useAction(
    (values: typeof form.values) =>
      api.put("/management/v1/projects/{projectId}", {
        params,
        body: { ...values, description: values.description || null, dial_code: values.dial_code || null },
      }),
    { invalidates: [PROJECTS], done: words.saved },
  );
  const remove = useRemove<true>({
    act: async () => {
      await api.delete("/management/v1/projects/{projectId}", { params });
      navigate("/projects");
    },
    title: words.removeTitle,
    text: () => words.removeText(name),
    done: words.removed,
    invalidates: ["/v1/management/api-keys"],
  });
  const disabled = !mayChange;
  return (
    <Paper p="lg" bg="var(--app-surface)" maw={640}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          <TextInput label={words.name} required maxLength={120} disabled={disabled} {...form.getInputProps("name")} />
          <Textarea
            label={words.projectDescription}
            maxLength={2000}
            autosize
            disabled={disabled}
            {...form.getInputProps("description")}
          />
          <TextInput
            label={words.currency}
            required
            maxLength={3}
            disabled={disabled}
            {...form.getInputProps("currency")}
          />
          <Select
            label={words.timezone}
            data={TIMEZONES.includes(timezone) ? TIMEZONES : [timezone, ...TIMEZONES]}
            searchable
            disabled={disabled}
            {...form.getInputProps("timezone")}
          />
          <TextInput label={words.dialCode} disabled={disabled} {...form.getInputProps("dial_code")} />
          <Text size="sm" c="dimmed">
            {words.codes}: {project.case_sensitive_codes ? words.caseSensitive : words.caseInsensitive}
          </Text>
          <div>
            <Text size="sm">{words.id}</Text>
            <Group gap={4} wrap="nowrap">
              <Code className={classes.id ?? ""}>{project.id}</Code>
              <CopyButton value={project.id} name={words.id} />
            </Group>
          </div>
          {project.webhook_token ? (
            <Group gap="xs">
              <Text size="sm">{words.token}</Text>
              <CopyButton value={project.webhook_token} name={words.token} />
              <Text size="xs" c="dimmed">
                {words.tokenHint}
              </Text>
            </Group>
          ) : null}
          <FormErrors form={form} error={save.error} />
          {mayChange ? null : <Text size="sm">{words.noWrite}</Text>}
          <Group justify="space-between">
            <Button variant="default" disabled={!mayWrite} onClick={() => remove.ask(true)}>
              {words.removeConfirm}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={disabled}>
              {strings.common.save}
            </Button>
          </Group>
        </Stack>
      </form>
      {remove.modal}
    </Paper>
  );
}
