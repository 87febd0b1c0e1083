import { Button, Checkbox, Group, Modal, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { FormErrors, SecretModal } from "@/ui";
import { PROJECTS } from "./useProject";

const words = strings.projects;
export const TIMEZONES: string[] = [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];

/** Asks for a new project, and shows its keys afterwards. */
export function CreateProject({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [keys, setKeys] = useState<string | null>(null);
  const form = useForm({
    initialValues: {
      name: "",
      description: "",
      currency: "EUR",
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      case_sensitive_codes: true,
    },
  });
  const close = () => {
    onClose();
    form.reset();
    create.reset();
  };
  const create = useAction(
    ({ description, ...rest }: typeof form.values) =>
      api.post(PROJECTS, { body: { ...rest, ...(description ? { description } : {}) } }),
    {
      invalidates: [PROJECTS, "/v1/management/api-keys", "/api/api-keys"],
      done: words.created,
      onSuccess: (project) => {
        setKeys(keysOf(project));
        close();
      },
    },
  );
  return (
    <>
      <Modal
        opened={opened}
        onClose={close}
        title={words.createTitle}
        closeButtonProps={{ "aria-label": strings.common.close }}
      >
        <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
          <Stack gap="sm">
            <TextInput label={words.name} required maxLength={120} data-autofocus {...form.getInputProps("name")} />
            <Textarea
              label={words.projectDescription}
              maxLength={2000}
              autosize
              {...form.getInputProps("description")}
            />
            <TextInput label={words.currency} required maxLength={3} {...form.getInputProps("currency")} />
            <Select label={words.timezone} data={TIMEZONES} searchable required {...form.getInputProps("timezone")} />
            <Checkbox
              label={words.caseSensitiveField}
              description={words.caseSensitiveHint}
              {...form.getInputProps("case_sensitive_codes", { type: "checkbox" })}
            />
            <FormErrors form={form} error={create.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                {strings.common.cancel}
              </Button>
              <Button type="submit" loading={create.isPending}>
                {words.create}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
      <SecretModal secret={keys} title={words.keysTitle} onClose={() => setKeys(null)}>
        {words.keysText}
      </SecretModal>
    </>
  );
}

/** Both keys as text; nothing for those who get none. */
function keysOf({ server_side_key, client_side_key }: Schema<"ProjectCreated">): string | null {
  const pairs = [
    [words.serverKey, server_side_key],
    [words.clientKey, client_side_key],
  ] as const;
  const lines = pairs.flatMap(([name, key]) =>
    key ? [`${name}\n${words.appId}: ${key.app_id}\n${words.appToken}: ${key.app_token}`] : [],
  );
  return lines.length > 0 ? lines.join("\n\n") : null;
}
