import { Button, Group, NativeSelect, Paper, Text, Title } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useList } from "@/api/hooks";
import { strings } from "@/strings";
import { type Column, DataTable, Timestamp } from "@/ui";
import { DeliveryDrawer } from "./DeliveryDrawer";
import { DeliveryStatus, outcomeOf } from "./DeliveryStatus";
import { RecoverModal } from "./RecoverModal";
import classes from "./webhooks.module.css";

type Delivery = Schema<"DeliveryView">;

const words = strings.webhooks;
const FILTERS = [
  { value: "", label: words.all },
  ...Object.entries(words.statuses).map(([value, label]) => ({ value, label })),
];

const columns: Column<Delivery>[] = [
  { key: "event", header: words.event, cell: ({ event_type }) => <span className={classes.mono}>{event_type}</span> },
  { key: "status", header: words.status, cell: ({ status }) => <DeliveryStatus status={status} /> },
  { key: "answer", header: words.answer, cell: ({ attempts }) => outcomeOf(attempts.at(-1)) },
  { key: "attempts", header: words.attempts, align: "right", cell: ({ attempts }) => attempts.length },
  { key: "sent", header: words.sent, cell: ({ created_at }) => <Timestamp at={created_at} /> },
  {
    key: "next",
    header: words.next,
    cell: ({ next_attempt_at }) => <Timestamp at={next_attempt_at} never={words.noNext} />,
  },
];

/** What was sent to an endpoint, and what came of it. */
export function Deliveries({ endpoint, mayChange }: { endpoint: Schema<"WebhookView">; mayChange: boolean }) {
  const [status, setStatus] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const [recovering, setRecovering] = useState(false);
  const list = useList(
    "/v1/management/webhooks/{id}/deliveries",
    { params: { path: { id: endpoint.id }, query: status ? { status } : {} } },
    { refetchInterval: 10_000, keepPrevious: true },
  );
  return (
    <section aria-labelledby="deliveries">
      <Group justify="space-between" align="flex-end" mb="sm" gap="sm">
        <div>
          <Title order={2} id="deliveries">
            {words.deliveries}
          </Title>
          <Text size="sm" c="dimmed">
            {words.deliveriesText}
          </Text>
        </div>
        <Group gap="xs">
          <NativeSelect
            aria-label={words.filter}
            data={FILTERS}
            value={status}
            onChange={(event) => setStatus(event.currentTarget.value)}
          />
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} />}
            onClick={list.refetch}
            loading={list.isFetching && !list.isPending && !list.isLoadingMore}
          >
            {words.refresh}
          </Button>
          {mayChange ? (
            <Button
              variant="default"
              onClick={() => setRecovering(true)}
              disabled={!endpoint.active}
              title={endpoint.active ? undefined : words.offReason}
            >
              {words.recover}
            </Button>
          ) : null}
        </Group>
      </Group>
      <Paper withBorder={false} bg="transparent">
        <DataTable
          list={list}
          columns={columns}
          rowKey={(row) => row.id}
          caption={words.deliveriesCaption}
          empty={
            status
              ? { title: words.noneSuch, description: words.noneSuchText }
              : { title: words.noDeliveries, description: words.noDeliveriesText }
          }
          actions={(row) => (
            <Button
              size="xs"
              variant="default"
              onClick={() => setChosen(row.id)}
              aria-label={words.viewOf(row.event_type)}
            >
              {words.view}
            </Button>
          )}
        />
      </Paper>
      <DeliveryDrawer
        endpoint={endpoint}
        id={chosen}
        event={list.rows.find((row) => row.id === chosen)?.event_type ?? words.deliveryTitle}
        mayChange={mayChange}
        onClose={() => setChosen(null)}
      />
      <RecoverModal id={endpoint.id} opened={recovering} onClose={() => setRecovering(false)} />
    </section>
  );
}
