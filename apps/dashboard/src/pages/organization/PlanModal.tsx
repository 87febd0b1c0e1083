import { Button, Group, Modal, NativeSelect, NumberInput, SimpleGrid, Stack, Switch } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema } from "@/api/client";
import { notifyError, useAction } from "@/api/hooks";
import { useMe } from "@/auth/hooks";
import { reloadMe } from "@/auth/session";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";
import { quotaOf } from "./quota";

type Organization = Schema<"OrganizationView">;

const words = strings.organization;
const options = (names: Record<string, string>) => Object.entries(names).map(([value, label]) => ({ value, label }));

/** A dialog for what only the operator decides; open while there is an organization. */
export function PlanModal({ organization, onClose }: { organization: Organization | null; onClose: () => void }) {
  return (
    <Modal
      opened={organization !== null}
      onClose={onClose}
      title={words.editTitle(organization?.name ?? "")}
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      {organization ? <PlanForm organization={organization} onClose={onClose} /> : null}
    </Modal>
  );
}

function PlanForm({ organization, onClose }: { organization: Organization; onClose: () => void }) {
  const { organization: own } = useMe();
  const quota = quotaOf(organization.quota);
  const form = useForm({
    initialValues: {
      plan: organization.plan,
      limited: quota !== null,
      limit: (quota?.limit ?? 100_000) as number | string,
      period: quota?.period ?? "month",
    },
  });
  const save = useAction(
    ({ plan, limited, limit, period }: typeof form.values) => {
      const body: Schema<"UpdateOrganization"> = { quota: limited ? { limit: Number(limit), period } : null };
      if (plan !== organization.plan) body.plan = plan;
      return api.patch("/v1/management/organizations/{id}", { params: { path: { id: organization.id } }, body });
    },
    {
      invalidates: ["/v1/management/organizations"],
      done: words.saved,
      onSuccess: () => {
        // The session tells the limits of its organization's plan.
        if (organization.id === own.id) void reloadMe().catch(notifyError);
        onClose();
      },
    },
  );
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="md">
        <NativeSelect
          label={words.planLabel}
          data={options(words.plans)}
          data-autofocus
          {...form.getInputProps("plan")}
        />
        <Switch label={words.quotaSwitch} {...form.getInputProps("limited", { type: "checkbox" })} />
        {form.values.limited ? (
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <NumberInput
              label={words.quotaLimit}
              min={1}
              allowDecimal={false}
              allowNegative={false}
              thousandSeparator=","
              required
              {...form.getInputProps("limit")}
            />
            <NativeSelect
              label={words.quotaPeriod}
              data={options(words.periodNames)}
              description={words.periodHint}
              inputWrapperOrder={["label", "input", "description", "error"]}
              {...form.getInputProps("period")}
            />
          </SimpleGrid>
        ) : null}
        <FormErrors form={form} error={save.error} aliases={{ "quota.limit": "limit", "quota.period": "period" }} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {strings.common.cancel}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
            {strings.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
