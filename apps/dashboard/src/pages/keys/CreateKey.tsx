import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { FormErrors } from "@/ui";
import { ALIASES, createBody, FRESH, type KeyValues, validate } from "./form";
import { KeyFields } from "./KeyFields";
import { LimitText } from "./LimitNote";
import { KEYS, type Kind } from "./model";
import type { Shown } from "./ShownSecret";

const words = strings.keys;

interface CreateKeyProps {
  kind: Kind;
  onClose: () => void;
  onMade: (shown: Shown) => void;
}

/** Asks what a new key may do and makes it. */
export function CreateKey({ kind, onClose, onMade }: CreateKeyProps) {
  const form = useForm<KeyValues>({ initialValues: FRESH, validate });
  const make = useAction((body: Schema<"CreateKey">) => api.post("/api/api-keys", { body }), {
    invalidates: [KEYS],
    onSuccess: ({ data }) => {
      onClose();
      // Only the answer to a repeated request can lack it, and none is repeated here.
      if (data.key !== undefined) onMade({ secret: data.key, row: data, title: words.secret.created(data.name) });
    },
  });
  const full = make.error?.code === "key_limit_reached";
  return (
    <Modal
      opened
      onClose={onClose}
      title={words.form.createTitle[kind]}
      size="lg"
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      <form onSubmit={form.onSubmit((values) => make.mutate(createBody(kind, values, Date.now())))} noValidate>
        <Stack gap="md">
          <KeyFields form={form} kind={kind} />
          {full ? (
            <Alert color="pine" variant="light" title={words.limitReached}>
              <LimitText />
            </Alert>
          ) : null}
          <FormErrors form={form} error={make.error} aliases={ALIASES} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {strings.common.cancel}
            </Button>
            <Button type="submit" loading={make.isPending}>
              {words.form.submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
