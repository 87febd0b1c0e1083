import { Button, Checkbox, Group, NativeSelect, Paper, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { ConfirmModal, SecretModal, Timestamp, useNow } from "@/ui";

const words = strings.webhooks;
const CHOICES = Object.entries(words.overlaps).map(([value, label]) => ({ value, label }));

interface Shown {
  title: string;
  secret: string;
  until: string | null;
}

/** What deliveries are signed with: shown on demand, and replaced. */
export function Secret({ endpoint, mayChange }: { endpoint: Schema<"WebhookView">; mayChange: boolean }) {
  const now = useNow(30_000);
  const [shown, setShown] = useState<Shown | null>(null);
  const [asking, setAsking] = useState(false);
  const [overlap, setOverlap] = useState("86400");
  const [force, setForce] = useState(false);
  const params = { path: { id: endpoint.id } };
  const ends = endpoint.previous_secret_expires_at;
  const overlaps = ends != null && new Date(ends).getTime() > now;
  const show = useAction(() => api.get("/v1/management/webhooks/{id}/secret", { params }), {
    notifyErrors: true,
    onSuccess: ({ secret, previous_expires_at }) =>
      setShown({ title: words.secretTitle, secret, until: previous_expires_at ?? null }),
  });
  const rotate = useAction(
    () =>
      api.post("/v1/management/webhooks/{id}/rotate-secret", {
        params,
        body: { overlap_seconds: Number(overlap), force: overlaps && force },
      }),
    {
      invalidates: ["/v1/management/webhooks"],
      onSuccess: ({ secret, previous_expires_at }) => {
        setAsking(false);
        setShown({ title: words.rotatedTitle, secret, until: previous_expires_at ?? null });
      },
    },
  );
  const ask = () => {
    rotate.reset();
    setForce(false);
    setAsking(true);
  };
  return (
    <Paper p="lg" bg="var(--app-surface)" component="section" aria-label={words.secret}>
      <Stack gap="sm">
        <Title order={2}>{words.secret}</Title>
        <Text size="sm" c="dimmed">
          {words.secretText}
        </Text>
        {overlaps ? (
          <Text size="sm">
            {words.bothUntil} <Timestamp at={ends} />
          </Text>
        ) : null}
        {mayChange ? (
          <Group gap="xs">
            <Button variant="default" onClick={() => show.mutate()} loading={show.isPending}>
              {words.show}
            </Button>
            <Button variant="default" onClick={ask}>
              {words.rotate}
            </Button>
          </Group>
        ) : (
          <Text size="sm">{words.readOnly}</Text>
        )}
      </Stack>
      <ConfirmModal
        opened={asking}
        onClose={() => setAsking(false)}
        title={words.rotateTitle}
        confirm={words.rotate}
        onConfirm={() => rotate.mutate()}
        loading={rotate.isPending}
        error={rotate.error}
      >
        <Stack gap="md">
          <Text size="sm">{words.rotateText}</Text>
          <NativeSelect
            label={words.overlap}
            data={CHOICES}
            value={overlap}
            onChange={(event) => setOverlap(event.currentTarget.value)}
            data-autofocus
          />
          {overlaps ? (
            <Checkbox
              label={words.force}
              description={words.forceHint}
              checked={force}
              onChange={(event) => setForce(event.currentTarget.checked)}
            />
          ) : null}
        </Stack>
      </ConfirmModal>
      <SecretModal
        secret={shown?.secret ?? null}
        title={shown?.title ?? words.secretTitle}
        onClose={() => setShown(null)}
      >
        {shown?.until ? (
          <Text size="sm">
            {words.bothUntil} <Timestamp at={shown.until} />
          </Text>
        ) : null}
      </SecretModal>
    </Paper>
  );
}
