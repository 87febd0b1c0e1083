import { Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import { Link, useNavigate } from "react-router";
import { api } from "@/api/client";
import { useAction, useGet } from "@/api/hooks";
import { useCan, useMe } from "@/auth/hooks";
import { ShippingKeyGate, useShippingKey } from "@/auth/ShippingKeyGate";
import { strings } from "@/strings";
import { FormErrors, Page } from "@/ui";
import { BackLink } from "../../shared/BackLink";
import { DetailFields } from "./DetailFields";
import { draftOf, faultsOf, fresh, senderOf, type Values } from "./draft";
import { ExtraFields } from "./ExtraFields";
import { aliasesOf } from "./extras";
import { ParcelFields } from "./ParcelFields";
import { PartyFields } from "./PartyFields";

const words = strings.shipments.form;

/** Makes a shipment: a draft with its rates, or with a service, bought at once. */
export function CreateShipment() {
  const key = useShippingKey();
  return (
    <Page
      title={words.title}
      description={words.description}
      above={<BackLink to="/shipping/shipments">{strings.shipments.back}</BackLink>}
    >
      <ShippingKeyGate key={key}>
        <ShipmentForm />
      </ShippingKeyGate>
    </Page>
  );
}

function ShipmentForm() {
  const navigate = useNavigate();
  const form = useForm<Values>({ initialValues: fresh(), validate: faultsOf });
  const bought = form.values.service.trim() !== "";
  const make = useAction((values: Values) => api.post("/v1/shipments", { body: draftOf(values) as never }), {
    invalidates: ["/v1/shipments", "/v1/trackers"],
    done: bought ? strings.shipments.bought : words.made,
    onSuccess: ({ id }) => void navigate(`/shipping/shipments/${id}`),
  });
  const aliases = aliasesOf(Object.keys(make.error?.details ?? {}), form.values.more?.pairs ?? []);
  return (
    <form
      onSubmit={form.onSubmit(
        (values) => make.mutate(values),
        // The first field that is wrong may be far up the page.
        (errors) => form.getInputNode(Object.keys(errors)[0] ?? "")?.focus(),
      )}
      noValidate
    >
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
          <PartyFields form={form} of="shipper" fill={<OwnAddress form={form} />} />
          <PartyFields form={form} of="recipient" />
        </SimpleGrid>
        <ParcelFields form={form} />
        <DetailFields form={form} />
        <ExtraFields form={form} />
        <FormErrors form={form} error={make.error} aliases={aliases} />
        <Group gap="sm">
          <Button type="submit" loading={make.isPending}>
            {bought ? words.submitBuy : words.submit}
          </Button>
          <Button component={Link} to="/shipping/shipments" variant="default">
            {strings.common.cancel}
          </Button>
          <Text size="sm" c="dimmed">
            {bought ? words.submitBuyHint : words.submitHint}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

/** Fills in the organization's address, where it has one that the session may read. */
function OwnAddress({ form }: { form: UseFormReturnType<Values> }) {
  const { organization } = useMe();
  const enabled = useCan("organizations:read");
  const path = { params: { path: { id: organization.id } } };
  const { data } = useGet("/v1/management/organizations/{id}", path, { enabled });
  if (!data?.address) return null;
  return (
    <Button size="xs" variant="default" onClick={() => form.setFieldValue("shipper", senderOf(data))}>
      {words.ownAddress}
    </Button>
  );
}
