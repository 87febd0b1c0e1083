import { Button, Drawer, Group, Skeleton, Stack, Title } from "@mantine/core";
import { api, type Schema } from "@/api/client";
import { useAction, useGet } from "@/api/hooks";
import { strings } from "@/strings";
import { CopyButton, ErrorAlert, Timestamp } from "@/ui";
import { Attempts } from "./Attempts";
import { DeliveryStatus } from "./DeliveryStatus";
import { RequestPart } from "./RequestPart";
import classes from "./webhooks.module.css";

const words = strings.webhooks;

interface DeliveryDrawerProps {
  endpoint: Schema<"WebhookView">;
  /** The delivery; the drawer is open while there is one. */
  id: string | null;
  event: string;
  mayChange: boolean;
  onClose: () => void;
}

/** One delivery with its request and all answers. */
export function DeliveryDrawer(props: DeliveryDrawerProps) {
  const { id, event, onClose } = props;
  return (
    <Drawer
      opened={id !== null}
      onClose={onClose}
      title={event}
      position="right"
      size="lg"
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      {id ? <Delivery {...props} id={id} /> : null}
    </Drawer>
  );
}

function Delivery({ endpoint, id, mayChange }: DeliveryDrawerProps & { id: string }) {
  const path = "/v1/management/webhooks/{id}/deliveries/{delivery}";
  const params = { path: { id: endpoint.id, delivery: id } };
  const { data, error, refetch } = useGet(path, { params }, { refetchInterval: 5_000 });
  const retry = useAction(() => api.post(`${path}/retry`, { params }), {
    invalidates: ["/v1/management/webhooks"],
    done: words.retried,
  });
  if (error && !data) return <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={refetch} />;
  if (!data) return <Skeleton h={320} role="status" aria-label={strings.common.loading} />;
  return (
    <Stack gap="lg">
      <dl className={classes.facts}>
        <dt>{words.status}</dt>
        <dd>
          <DeliveryStatus status={data.status} />
        </dd>
        <dt>{words.sent}</dt>
        <dd>
          <Timestamp at={data.created_at} format="time" />
        </dd>
        <dt>{words.next}</dt>
        <dd>
          <Timestamp at={data.next_attempt_at} never={words.noNext} />
        </dd>
        <dt>{words.eventId}</dt>
        <dd>
          <Group gap={4} wrap="nowrap">
            <span className={classes.mono}>{data.event_id}</span>
            <CopyButton value={data.event_id} name={words.eventId} />
          </Group>
        </dd>
      </dl>
      {mayChange ? (
        <Group>
          <Button
            onClick={() => retry.mutate()}
            loading={retry.isPending}
            disabled={!endpoint.active}
            title={endpoint.active ? undefined : words.offReason}
          >
            {words.retry}
          </Button>
        </Group>
      ) : null}
      <ErrorAlert error={retry.error} />
      <section>
        <Title order={3} mb="xs">
          {words.request}
        </Title>
        <RequestPart url={endpoint.url} delivery={data} />
      </section>
      <section>
        <Title order={3} mb="xs">
          {words.attempts}
        </Title>
        <Attempts attempts={data.attempts} />
      </section>
    </Stack>
  );
}
