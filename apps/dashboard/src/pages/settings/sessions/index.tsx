import { Badge, Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction, useList } from "@/api/hooks";
import { strings } from "@/strings";
import { type Column, ConfirmModal, DataTable, Page, Timestamp } from "@/ui";
import { deviceOf } from "./device";

type Session = Schema<"SessionView">;

const words = strings.sessions;

const columns: Column<Session>[] = [
  {
    key: "device",
    header: words.device,
    cell: ({ user_agent, current }) => (
      <Group gap="xs">
        <Text size="sm" fw={550} title={user_agent ?? ""}>
          {deviceOf(user_agent) ?? words.unknownDevice}
        </Text>
        {current ? (
          <Badge variant="light" size="sm" tt="none">
            {words.current}
          </Badge>
        ) : null}
      </Group>
    ),
  },
  { key: "address", header: words.address, cell: ({ address }) => address ?? "–" },
  { key: "used", header: words.lastUsed, cell: ({ last_used_at }) => <Timestamp at={last_used_at} /> },
  { key: "started", header: words.started, cell: ({ created_at }) => <Timestamp at={created_at} format="time" /> },
];

export default function Sessions() {
  const list = useList("/api/auth/sessions");
  const [chosen, setChosen] = useState<Session | null>(null);
  const end = useAction((id: string) => api.delete("/api/auth/sessions/{id}", { params: { path: { id } } }), {
    invalidates: ["/api/auth/sessions"],
    done: words.ended,
    onSuccess: () => setChosen(null),
  });
  const ask = (session: Session) => {
    end.reset();
    setChosen(session);
  };
  return (
    <Page title={words.title} description={words.description}>
      <DataTable
        list={list}
        columns={columns}
        rowKey={(row) => row.id}
        caption={words.caption}
        empty={{ title: words.title }}
        actions={(row) =>
          row.current ? null : (
            <Button size="xs" variant="default" onClick={() => ask(row)}>
              {words.end}
            </Button>
          )
        }
      />
      <ConfirmModal
        opened={chosen !== null}
        onClose={() => setChosen(null)}
        title={words.endTitle}
        confirm={words.end}
        danger
        onConfirm={() => chosen && end.mutate(chosen.id)}
        loading={end.isPending}
        error={end.error}
      >
        {words.endText(deviceOf(chosen?.user_agent) ?? words.unknownDevice)}
      </ConfirmModal>
    </Page>
  );
}
