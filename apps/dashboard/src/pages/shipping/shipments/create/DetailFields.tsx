import { Autocomplete, Select, SimpleGrid, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { Section } from "../../shared/Section";
import { LABEL_TYPES } from "../../shared/wire";
import type { Values } from "./draft";

const words = strings.shipments.form;

/** Numbers of one's own, the day, and the service, if it is to be bought at once. */
export function DetailFields({ form }: { form: UseFormReturnType<Values> }) {
  const enabled = useCan("rate-sheets:read");
  const sheets = useList("/v1/management/rate-sheets", { params: { query: { limit: 100 } } }, { enabled });
  const codes = sheets.rows.flatMap(({ services }) => services.map(({ service_code }) => service_code));
  return (
    <Section title={words.details}>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }} spacing="sm" verticalSpacing="xs">
        <TextInput label={strings.shipments.reference} maxLength={100} {...form.getInputProps("reference")} />
        <TextInput label={strings.shipments.orderId} maxLength={50} {...form.getInputProps("order_id")} />
        <TextInput
          type="date"
          label={strings.shipments.shipDate}
          description={words.shipDateHint}
          inputWrapperOrder={["label", "input", "description", "error"]}
          {...form.getInputProps("shipment_date")}
        />
        <Autocomplete
          label={words.service}
          description={words.serviceHint}
          inputWrapperOrder={["label", "input", "description", "error"]}
          data={[...new Set(codes)]}
          {...form.getInputProps("service")}
        />
        <Select
          label={strings.shipments.labelFormat}
          data={LABEL_TYPES}
          allowDeselect={false}
          {...form.getInputProps("label_type")}
        />
      </SimpleGrid>
    </Section>
  );
}
