import { Alert, Button, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { Link, useLocation } from "react-router";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { Entrance } from "@/shell/Entrance";
import { strings } from "@/strings";
import { FormErrors } from "@/ui/FormErrors";
import { newPassword } from "@/ui/password";

const words = strings.signIn;

export default function PasswordReset() {
  const token = decodeURIComponent(useLocation().hash.slice(1));
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { password: "" },
    validate: { password: newPassword },
  });
  const set = useAction((password: string) =>
    api.post("/api/auth/password-reset/{token}", { params: { path: { token } }, body: { password } }),
  );
  if (!token) return <Entrance title={words.resetTitle} text={words.linkMissing} back />;
  if (set.isSuccess) {
    return (
      <Entrance title={words.resetTitle}>
        <Alert color="pine" role="status">
          {words.resetDone}
        </Alert>
        <Button component={Link} to="/sign-in">
          {words.submit}
        </Button>
      </Entrance>
    );
  }
  return (
    <Entrance title={words.resetTitle} back>
      <form onSubmit={form.onSubmit(({ password }) => set.mutate(password))} noValidate>
        <Stack gap="md">
          <PasswordInput
            label={words.newPassword}
            description={words.passwordRule}
            autoComplete="new-password"
            key={form.key("password")}
            {...form.getInputProps("password")}
          />
          <FormErrors form={form} error={set.error} />
          <Button type="submit" fullWidth loading={set.isPending}>
            {words.resetSubmit}
          </Button>
        </Stack>
      </form>
    </Entrance>
  );
}
