import { Button, Group, Paper, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { FormErrors, Page } from "@/ui";
import { newPassword } from "@/ui/password";

const words = strings.password;

export default function ChangePassword() {
  const { user } = useMe();
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { current_password: "", new_password: "" },
    validate: { new_password: newPassword },
  });
  const change = useAction(
    (body: { current_password: string; new_password: string }) => api.post("/api/auth/password", { body }),
    { done: words.done, invalidates: ["/api/auth/sessions"], onSuccess: () => form.reset() },
  );
  return (
    <Page title={words.title} description={words.description}>
      <Paper p="lg" maw={480} bg="var(--app-surface)">
        <form onSubmit={form.onSubmit((values) => change.mutate(values))} noValidate>
          <Stack gap="md">
            <input type="hidden" name="username" autoComplete="username" value={user.email} readOnly />
            <PasswordInput
              label={words.current}
              autoComplete="current-password"
              key={form.key("current_password")}
              {...form.getInputProps("current_password")}
            />
            <PasswordInput
              label={words.next}
              description={words.rule}
              autoComplete="new-password"
              key={form.key("new_password")}
              {...form.getInputProps("new_password")}
            />
            <FormErrors form={form} error={change.error} />
            <Group>
              <Button type="submit" loading={change.isPending}>
                {words.submit}
              </Button>
            </Group>
          </Stack>
        </form>
      </Paper>
    </Page>
  );
}
