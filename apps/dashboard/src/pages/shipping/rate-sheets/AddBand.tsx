import { Button, Group, Modal, NumberInput, Select, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { strings } from "@/strings";
import { numberOf, type RateSheet } from "./change";
import { type Band, newBand } from "./grid";

interface AddBandProps {
  opened: boolean;
  sheet: RateSheet;
  /** Keys of the rows that there are. */
  taken: string[];
  onAdd: (band: Band) => void;
  onClose: () => void;
}

const words = strings.rateSheets;

/** Adds a row of weights to a service. */
export function AddBand(props: AddBandProps) {
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={words.addBandTitle}
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      <BandForm {...props} />
    </Modal>
  );
}

interface Values {
  service: string;
  min: string | number;
  max: string | number;
}

function BandForm({ sheet, taken, onAdd, onClose }: AddBandProps) {
  const form = useForm<Values>({
    initialValues: { service: sheet.services[0]?.service_code ?? "", min: "", max: "" },
    validate: {
      max: (max, { service, min }) => {
        if (max !== "" && Number(max) <= Number(min || 0)) return words.bandNeeds;
        return taken.includes(newBand(service, numberOf(min), numberOf(max)).key) ? words.bandExists : null;
      },
    },
  });
  const unit = sheet.services.find(({ service_code }) => service_code === form.values.service)?.weight_unit;
  return (
    <form onSubmit={form.onSubmit(({ service, min, max }) => onAdd(newBand(service, numberOf(min), numberOf(max))))}>
      <Stack gap="md">
        <Select
          label={words.service}
          data={sheet.services.map(({ service_code, service_name }) => ({ value: service_code, label: service_name }))}
          allowDeselect={false}
          data-autofocus
          {...form.getInputProps("service")}
        />
        <NumberInput
          label={words.minWeight}
          suffix={` ${unit ?? ""}`}
          min={0}
          decimalScale={6}
          {...form.getInputProps("min")}
        />
        <NumberInput
          label={words.maxWeight}
          suffix={` ${unit ?? ""}`}
          min={0}
          decimalScale={6}
          {...form.getInputProps("max")}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {strings.common.cancel}
          </Button>
          <Button type="submit">{words.add}</Button>
        </Group>
      </Stack>
    </form>
  );
}
