import { Button, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";

const words = strings.organization;
const PLANS = Object.entries(words.plans).map(([value, label]) => ({ value, label }));

interface CreateModalProps {
  opened: boolean;
  onClose: () => void;
  onCreated: (made: Schema<"OrganizationCreated">) => void;
}

/** A dialog in which the operator makes an organization. */
export function CreateModal(props: CreateModalProps) {
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={words.addTitle}
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      <CreateForm {...props} />
    </Modal>
  );
}

function CreateForm({ onClose, onCreated }: CreateModalProps) {
  const form = useForm({ initialValues: { name: "", owner_email: "", slug: "", plan: "scale" } });
  const create = useAction(
    ({ name, owner_email, slug, plan }: typeof form.values) =>
      api.post("/v1/management/organizations", {
        body: { name: name.trim(), owner_email: owner_email.trim(), slug: slug.trim() || null, plan },
      }),
    {
      invalidates: ["/v1/management/organizations"],
      onSuccess: (made) => {
        onClose();
        onCreated(made);
      },
    },
  );
  return (
    <form onSubmit={form.onSubmit((values) => create.mutate(values))} noValidate>
      <Stack gap="md">
        <TextInput label={words.name} maxLength={120} required data-autofocus {...form.getInputProps("name")} />
        <TextInput
          label={words.ownerEmail}
          description={words.ownerHint}
          type="email"
          autoComplete="off"
          required
          {...form.getInputProps("owner_email")}
        />
        <TextInput
          label={`${words.slug} (${strings.common.optional})`}
          description={words.slugMade}
          maxLength={60}
          {...form.getInputProps("slug")}
        />
        <NativeSelect label={words.planLabel} data={PLANS} {...form.getInputProps("plan")} />
        <FormErrors form={form} error={create.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {strings.common.cancel}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {words.addConfirm}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
