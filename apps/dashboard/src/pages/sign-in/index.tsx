import { Alert, Anchor, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { Link } from "react-router";
import { useAction } from "@/api/hooks";
import { useSession } from "@/auth/hooks";
import { signIn } from "@/auth/session";
import { Entrance } from "@/shell/Entrance";
import { strings } from "@/strings";
import { ErrorAlert, sentence } from "@/ui/ErrorAlert";
import { FormErrors } from "@/ui/FormErrors";

const words = strings.signIn;

export default function SignIn() {
  const session = useSession();
  const ended = session.status === "signed-out" && session.ended;
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { email: "", password: "" },
    validate: {
      email: (text) => (text.trim() ? null : sentence(words.emailMissing)),
      password: (text) => (text ? null : sentence(words.emailMissing)),
    },
  });
  const enter = useAction(({ email, password }: { email: string; password: string }) => signIn(email.trim(), password));
  return (
    <Entrance title={words.title}>
      {ended ? <Alert color="gray">{words.ended}</Alert> : null}
      {session.status === "unreachable" ? <ErrorAlert error={session.error} /> : null}
      <form onSubmit={form.onSubmit((values) => enter.mutate(values))} noValidate>
        <Stack gap="md">
          <TextInput
            label={words.email}
            type="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            key={form.key("email")}
            {...form.getInputProps("email")}
          />
          <PasswordInput
            label={words.password}
            autoComplete="current-password"
            key={form.key("password")}
            {...form.getInputProps("password")}
          />
          <FormErrors form={form} error={enter.error} />
          <Button type="submit" fullWidth loading={enter.isPending}>
            {words.submit}
          </Button>
          <Anchor component={Link} to="/forgot-password" size="sm" ta="center">
            {words.forgot}
          </Anchor>
        </Stack>
      </form>
    </Entrance>
  );
}
