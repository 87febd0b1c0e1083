import { Button, FileInput, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { sendTable } from "@/api/table";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";

type RateSheet = Schema<"RateSheet">;

const words = strings.rateSheets;
const PATH = "/v1/management/rate-sheets";

interface Draft {
  name: string;
  carrier_name: string;
  file: File | null;
}

/** A table makes the sheet; its carrier is named afterwards, which tables can't. */
async function make({ name, carrier_name, file }: Draft): Promise<RateSheet> {
  const carrier = carrier_name.trim() ? { carrier_name: carrier_name.trim() } : {};
  if (!file) return api.post(PATH, { body: { name, ...carrier } });
  const sheet = await sendTable<RateSheet>("POST", `${PATH}?${new URLSearchParams({ name })}`, await file.text());
  if (!carrier_name.trim()) return sheet;
  return api.patch(`${PATH}/{id}`, { params: { path: { id: sheet.id } }, body: carrier as Record<string, never> });
}

/** Makes a rate sheet, empty or of a table. */
export function CreateModal({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={words.createTitle}
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      <CreateForm onClose={onClose} />
    </Modal>
  );
}

function CreateForm({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [file, setFile] = useState<File | null>(null);
  const form = useForm({ mode: "uncontrolled", initialValues: { name: "", carrier_name: "" } });
  const create = useAction(make, {
    invalidates: [PATH],
    done: words.created,
    onSuccess: ({ id }) => navigate(`/shipping/rate-sheets/${id}`),
  });
  return (
    <form onSubmit={form.onSubmit((values) => create.mutate({ ...values, file }))}>
      <Stack gap="md">
        <TextInput
          label={words.name}
          placeholder={words.nameHint}
          required
          maxLength={200}
          data-autofocus
          key={form.key("name")}
          {...form.getInputProps("name")}
        />
        <TextInput
          label={words.carrier}
          description={words.carrierHint}
          key={form.key("carrier_name")}
          {...form.getInputProps("carrier_name")}
        />
        <FileInput
          label={words.fromTable}
          description={words.fromTableHint}
          placeholder={words.chooseFile}
          accept=".csv,text/csv"
          value={file}
          onChange={setFile}
          clearable
        />
        <FormErrors form={form} error={create.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {strings.common.cancel}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {words.createSubmit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
