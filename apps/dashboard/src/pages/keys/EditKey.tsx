import { Button, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction, useGet } from "@/api/hooks";
import { strings } from "@/strings";
import { ErrorAlert, FormErrors } from "@/ui";
import { ALIASES, type KeyValues, patchBody, validate, valuesOf } from "./form";
import { KeyFields } from "./KeyFields";
import { KEYS, type Key, type Kind } from "./model";

const words = strings.keys.form;

/** Changes a key, as it is now: it is loaded anew, so that nothing that somebody else changed is overwritten. */
export function EditKey({ row, onClose }: { row: Key; onClose: () => void }) {
  const key = useGet("/api/api-keys/{id}", { params: { path: { id: row.id } } });
  const fresh = key.data && !(key.isFetching && key.isPending) ? key.data.data : null;
  return (
    <Modal
      opened
      onClose={onClose}
      title={words.editTitle(row.name)}
      size="lg"
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      <ErrorAlert error={fresh ? null : key.error} title={strings.common.loadErrorTitle} retry={key.refetch} />
      {key.isPending ? <Skeleton height={320} /> : null}
      {fresh && !key.isFetching ? <EditForm row={fresh} etag={key.etag} onClose={onClose} /> : null}
      {fresh && key.isFetching ? <Skeleton height={320} /> : null}
    </Modal>
  );
}

function EditForm({ row, etag, onClose }: { row: Key; etag: string | null; onClose: () => void }) {
  const [before] = useState(() => valuesOf(row));
  const form = useForm<KeyValues>({
    initialValues: before,
    // An end that is kept needs no judging anew.
    validate: {
      ...validate,
      expiryAt: (at, all) => (at && at === before.expiryAt ? null : validate.expiryAt(at, all)),
    },
  });
  const save = useAction(
    (body: Schema<"UpdateKey">) =>
      api.patch("/api/api-keys/{id}", { params: { path: { id: row.id } }, body }, { ifMatch: etag }),
    { invalidates: [KEYS], done: words.saved, onSuccess: onClose },
  );
  const patch = patchBody(before, form.values, 0);
  const unchanged = Object.keys(patch).length === 0;
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(patchBody(before, values, Date.now())))} noValidate>
      <Stack gap="md">
        <KeyFields form={form} kind={row.kind as Kind} existing />
        <FormErrors form={form} error={save.error} aliases={ALIASES} />
        <Group justify="flex-end" gap="xs">
          {unchanged ? (
            <Text size="xs" c="dimmed" mr="auto">
              {words.unchanged}
            </Text>
          ) : null}
          <Button variant="default" onClick={onClose}>
            {strings.common.cancel}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={unchanged}>
            {strings.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
