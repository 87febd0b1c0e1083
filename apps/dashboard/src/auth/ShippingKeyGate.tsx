import { Anchor, Button, Group, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { type ReactNode, useSyncExternalStore } from "react";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";
import { shippingKey } from "./shipping-key";

const words = strings.shippingKey;

/** The API key that the shipping pages use, if one was chosen. */
export function useShippingKey(): string | null {
  return useSyncExternalStore(shippingKey.subscribe, shippingKey.get);
}

/** Asks for an API key before a page that needs one, and says which is in use. */
export function ShippingKeyGate({ children }: { children: ReactNode }) {
  const key = useShippingKey();
  if (!key) return <ChooseKey />;
  return (
    <Stack gap="md">
      <Group gap="xs">
        <Text size="xs" c="dimmed">
          {words.using(`${key.slice(0, 11)}****`)}
        </Text>
        <Anchor component="button" type="button" size="xs" onClick={shippingKey.clear}>
          {words.change}
        </Anchor>
      </Group>
      {children}
    </Stack>
  );
}

function ChooseKey() {
  const form = useForm({ mode: "uncontrolled", initialValues: { key: "" } });
  const use = useAction(
    async (text: string) => {
      shippingKey.probe(text);
      // Any call will do, and the one that a key with the least scopes may make is not known: only a refused key is wrong.
      await api.get("/v1/trackers", { params: { query: { limit: 1 } } }).catch((error) => {
        if (error.status !== 403) throw error;
      });
    },
    { onSuccess: (_, text) => shippingKey.set(text) },
  );
  return (
    <Paper p="lg" maw={560} bg="var(--app-surface)">
      <form onSubmit={form.onSubmit(({ key }) => use.mutate(key.trim()))}>
        <Stack gap="md">
          <div>
            <Title order={2}>{words.title}</Title>
            <Text size="sm" c="dimmed" mt={4}>
              {words.text}
            </Text>
          </div>
          <PasswordInput
            label={words.label}
            placeholder={words.placeholder}
            autoComplete="off"
            required
            key={form.key("key")}
            {...form.getInputProps("key")}
          />
          <FormErrors form={form} error={use.error} title={words.wrong} />
          <Group>
            <Button type="submit" loading={use.isPending}>
              {words.submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
