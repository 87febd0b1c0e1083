import { Button, Group, NativeSelect, Paper, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { reloadMe } from "@/auth/session";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";
import { addressBody, addressValues, isBlank } from "./address";
import { COUNTRIES } from "./countries";

const words = strings.organization;

interface SettingsFormProps {
  organization: Schema<"OrganizationView">;
  etag: string | null;
  mayChange: boolean;
  /** Loads what is stored anew, and begins with that. */
  onReload: () => void;
}

/** Name, short name and address of the organization. */
export function SettingsForm({ organization, etag, mayChange, onReload }: SettingsFormProps) {
  const form = useForm({
    initialValues: {
      name: organization.name,
      slug: organization.slug,
      address: addressValues(organization.address),
    },
    validate: {
      address: {
        country_code: (code, { address }) => (code === "" && !isBlank(address) ? words.countryNeeded : null),
      },
    },
  });
  const save = useAction(
    async ({ name, slug, address }: typeof form.values) => {
      const body: Schema<"UpdateOrganization"> = {};
      if (name.trim() !== organization.name) body.name = name.trim();
      if (slug.trim() !== organization.slug) body.slug = slug.trim();
      if (form.isDirty("address")) body.address = addressBody(address);
      const params = { path: { id: organization.id } };
      const saved = await api.patch("/v1/management/organizations/{id}", { params, body }, { ifMatch: etag });
      await reloadMe();
      return saved;
    },
    { invalidates: ["/v1/management/organizations"], done: words.saved, onSuccess: () => form.resetDirty() },
  );
  const outdated = save.error?.status === 412;
  const field = (name: string) => ({ readOnly: !mayChange, ...form.getInputProps(name) });
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="lg">
        <Paper p="lg" bg="var(--app-surface)" component="section" aria-labelledby="general">
          <Title order={2} id="general" mb="md">
            {words.general}
          </Title>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput label={words.name} maxLength={120} required={mayChange} {...field("name")} />
            <TextInput
              label={words.slug}
              description={words.slugHint}
              inputWrapperOrder={["label", "input", "description", "error"]}
              maxLength={60}
              required={mayChange}
              {...field("slug")}
            />
          </SimpleGrid>
        </Paper>
        <Paper p="lg" bg="var(--app-surface)" component="section" aria-labelledby="address">
          <Title order={2} id="address">
            {words.address}
          </Title>
          <Text size="sm" c="dimmed" mb="md">
            {words.addressText}
          </Text>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput label={words.street1} {...field("address.street1")} />
            <TextInput label={words.street2} {...field("address.street2")} />
            <TextInput label={words.postalCode} {...field("address.postal_code")} />
            <TextInput label={words.city} {...field("address.city")} />
            <TextInput label={words.state} placeholder={words.stateHint} {...field("address.state_code")} />
            <NativeSelect
              label={words.country}
              data={[{ value: "", label: words.countryNone }, ...COUNTRIES]}
              disabled={!mayChange}
              {...form.getInputProps("address.country_code")}
            />
          </SimpleGrid>
        </Paper>
        <FormErrors form={form} error={save.error} {...(outdated ? { title: words.changedMeanwhile } : {})} />
        {mayChange ? (
          <Group gap="xs">
            <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
              {strings.common.save}
            </Button>
            {outdated ? (
              <Button variant="default" onClick={onReload}>
                {words.reload}
              </Button>
            ) : null}
          </Group>
        ) : null}
      </Stack>
    </form>
  );
}
