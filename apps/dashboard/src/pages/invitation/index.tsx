import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useLocation, useNavigate } from "react-router";
import { useAction, useGet } from "@/api/hooks";
import { acceptInvitation } from "@/auth/session";
import { Entrance } from "@/shell/Entrance";
import { Starting } from "@/shell/Starting";
import { strings } from "@/strings";
import { ErrorAlert } from "@/ui/ErrorAlert";
import { FormErrors } from "@/ui/FormErrors";
import { newPassword } from "@/ui/password";
import { Timestamp } from "@/ui/Timestamp";

const words = strings.invitation;

export default function Invitation() {
  const token = decodeURIComponent(useLocation().hash.slice(1));
  const offer = useGet("/api/invitations/{token}", { params: { path: { token } } }, { enabled: token !== "" });
  if (!token) return <Entrance title={words.title} text={strings.signIn.linkMissing} back />;
  if (offer.isPending) return <Starting />;
  if (offer.error) {
    const isOver = [404, 410].includes(offer.error.status);
    if (isOver) return <Entrance title={words.title} heading={words.gone} text={words.goneText} back />;
    return (
      <Entrance title={words.title} back>
        <ErrorAlert error={offer.error} retry={offer.refetch} />
      </Entrance>
    );
  }
  const { organization, email, role, expires_at } = offer.data?.data ?? {};
  return (
    <Entrance
      title={words.title}
      heading={words.heading(organization ?? "")}
      text={words.text(email ?? "", role ?? "")}
      back
    >
      <Accept token={token} email={email ?? ""} />
      <Text size="xs" c="dimmed">
        {words.until} <Timestamp at={expires_at} />
      </Text>
    </Entrance>
  );
}

function Accept({ token, email }: { token: string; email: string }) {
  const navigate = useNavigate();
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { name: "", password: "" },
    validate: { password: newPassword },
  });
  const accept = useAction(
    ({ name, password }: { name: string; password: string }) =>
      acceptInvitation(token, { password, ...(name.trim() ? { name: name.trim() } : {}) }),
    { onSuccess: () => void navigate("/", { replace: true }) },
  );
  return (
    <form onSubmit={form.onSubmit((values) => accept.mutate(values))} noValidate>
      <Stack gap="md">
        {/* For password managers, which file the password under it. */}
        <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
        <TextInput label={words.name} autoComplete="name" key={form.key("name")} {...form.getInputProps("name")} />
        <PasswordInput
          label={words.password}
          description={words.passwordHint}
          autoComplete="new-password"
          key={form.key("password")}
          {...form.getInputProps("password")}
        />
        <FormErrors form={form} error={accept.error} />
        <Button type="submit" fullWidth loading={accept.isPending}>
          {words.submit}
        </Button>
      </Stack>
    </form>
  );
}
