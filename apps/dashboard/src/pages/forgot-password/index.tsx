import { Alert, Button, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { Entrance } from "@/shell/Entrance";
import { strings } from "@/strings";
import { FormErrors } from "@/ui/FormErrors";

const words = strings.signIn;

export default function ForgotPassword() {
  const form = useForm({ mode: "uncontrolled", initialValues: { email: "" } });
  const ask = useAction((email: string) => api.post("/api/auth/password-reset", { body: { email } }));
  return (
    <Entrance title={words.forgotTitle} text={words.forgotText} back>
      {ask.isSuccess ? (
        <Alert color="pine" role="status">
          {words.forgotDone}
          <Text size="sm" mt="xs">
            {words.forgotHint}
          </Text>
        </Alert>
      ) : (
        <form onSubmit={form.onSubmit(({ email }) => ask.mutate(email.trim()))} noValidate>
          <Stack gap="md">
            <TextInput
              label={words.email}
              type="email"
              autoComplete="username"
              autoCapitalize="none"
              key={form.key("email")}
              {...form.getInputProps("email")}
            />
            <FormErrors form={form} error={ask.error} />
            <Button type="submit" fullWidth loading={ask.isPending}>
              {words.forgotSubmit}
            </Button>
          </Stack>
        </form>
      )}
    </Entrance>
  );
}
