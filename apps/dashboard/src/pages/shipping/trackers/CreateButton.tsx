import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";

const words = strings.trackers;

/** Follows a parcel that was not sent from here. */
export function CreateButton() {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button onClick={() => setOpened(true)}>{words.add}</Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={words.addTitle}
        closeButtonProps={{ "aria-label": strings.common.close }}
      >
        <CreateForm onCancel={() => setOpened(false)} />
      </Modal>
    </>
  );
}

function CreateForm({ onCancel }: { onCancel: () => void }) {
  const navigate = useNavigate();
  const form = useForm({ initialValues: { tracking_number: "", carrier_name: "", reference: "" } });
  const make = useAction(
    ({ tracking_number, carrier_name, reference }: typeof form.values) =>
      api.post("/v1/trackers", {
        body: {
          tracking_number: tracking_number.trim(),
          carrier_name: carrier_name.trim().toLowerCase(),
          ...(reference.trim() ? { reference: reference.trim() } : {}),
        },
      }),
    {
      invalidates: ["/v1/trackers"],
      done: words.added,
      onSuccess: ({ id }) => void navigate(`/shipping/trackers/${id}`),
    },
  );
  return (
    <form onSubmit={form.onSubmit((values) => make.mutate(values))} noValidate>
      <Stack gap="md">
        <TextInput
          label={words.number}
          required
          maxLength={50}
          data-autofocus
          {...form.getInputProps("tracking_number")}
        />
        <TextInput
          label={words.carrier}
          description={words.carrierHint}
          required
          maxLength={50}
          {...form.getInputProps("carrier_name")}
        />
        <TextInput label={strings.shipments.reference} maxLength={100} {...form.getInputProps("reference")} />
        <FormErrors form={form} error={make.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {strings.common.cancel}
          </Button>
          <Button type="submit" loading={make.isPending}>
            {words.addSubmit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
