import { Anchor, Badge, Button, Group, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import type { Schema } from "@/api/client";
import { useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { type Column, DataTable, Page, SecretModal, Timestamp } from "@/ui";
import { EndpointModal } from "./EndpointModal";
import { EndpointStatus } from "./EndpointStatus";
import classes from "./webhooks.module.css";

type Endpoint = Schema<"WebhookView">;

const words = strings.webhooks;

const columns: Column<Endpoint>[] = [
  {
    key: "url",
    header: words.url,
    cell: ({ id, url, description }) => (
      <Stack gap={2}>
        <Anchor component={Link} to={`/webhooks/${id}`} size="sm" fw={550} className={classes.url ?? ""}>
          {url}
        </Anchor>
        {description ? (
          <Text size="xs" c="dimmed" fw={400}>
            {description}
          </Text>
        ) : null}
      </Stack>
    ),
  },
  { key: "status", header: words.status, cell: (row) => <EndpointStatus endpoint={row} />, width: 120 },
  { key: "events", header: words.events, cell: ({ events }) => <Events events={events} /> },
  {
    key: "created",
    header: words.created,
    cell: ({ created_at }) => <Timestamp at={created_at} format="date" />,
    width: 130,
  },
];

/** The first few subscriptions of an endpoint. */
function Events({ events }: { events: string[] }) {
  const shown = events.slice(0, 3);
  return (
    <Group gap={4}>
      {shown.map((event) => (
        <Badge key={event} variant="default" size="sm" radius="sm" tt="none" fw={500}>
          {event === "*" ? words.allEvents : event}
        </Badge>
      ))}
      {events.length > shown.length ? (
        <Text size="xs" c="dimmed" title={events.join(", ")}>
          {words.more(events.length - shown.length)}
        </Text>
      ) : null}
    </Group>
  );
}

/** All endpoints. */
export function List() {
  const mayChange = useCan("webhooks:write");
  const list = useList("/v1/management/webhooks");
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)}>
      {words.add}
    </Button>
  );
  return (
    <Page
      title={words.title}
      description={
        <>
          {words.description} {mayChange ? null : words.readOnly}
        </>
      }
      permission="webhooks:read"
      actions={mayChange ? add : null}
    >
      <DataTable
        list={list}
        columns={columns}
        rowKey={(row) => row.id}
        caption={words.caption}
        empty={{ title: words.emptyTitle, description: words.emptyText }}
      />
      <EndpointModal opened={adding} onClose={() => setAdding(false)} onCreated={(made) => setSecret(made.secret)} />
      <SecretModal secret={secret} title={words.secretCreatedTitle} onClose={() => setSecret(null)}>
        <Text size="sm">{words.secretText}</Text>
      </SecretModal>
    </Page>
  );
}
