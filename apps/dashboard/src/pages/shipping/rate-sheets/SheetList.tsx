import { Anchor, Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { api, type Schema } from "@/api/client";
import { useAction, useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { type Column, ConfirmModal, DataTable, Page, Timestamp } from "@/ui";
import { ReasonedButton } from "../shared/ReasonedButton";
import { CreateModal } from "./CreateModal";

type RateSheet = Schema<"RateSheet">;

const words = strings.rateSheets;
const PATH = "/v1/management/rate-sheets";

const columns: Column<RateSheet>[] = [
  {
    key: "name",
    header: words.name,
    primary: true,
    cell: ({ id, name, slug }) => (
      <Stack gap={0}>
        <Anchor component={Link} to={`/shipping/rate-sheets/${id}`} size="sm" fw={550}>
          {name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {slug}
        </Text>
      </Stack>
    ),
  },
  { key: "carrier", header: words.carrier, cell: ({ carrier_name }) => carrier_name },
  { key: "services", header: words.services, align: "right", cell: ({ services }) => services.length },
  { key: "zones", header: words.zones, align: "right", cell: ({ zones }) => zones.length },
  { key: "prices", header: words.prices, align: "right", cell: ({ service_rates }) => service_rates.length },
  { key: "changed", header: words.changed, cell: ({ updated_at }) => <Timestamp at={updated_at} /> },
];

/** All rate sheets. */
export function SheetList() {
  const mayWrite = useCan("rate-sheets:write");
  const list = useList(PATH);
  const [creating, setCreating] = useState(false);
  const [chosen, setChosen] = useState<RateSheet | null>(null);
  const remove = useAction((id: string) => api.delete(`${PATH}/{id}`, { params: { path: { id } } }), {
    invalidates: [PATH],
    done: words.removed,
    onSuccess: () => setChosen(null),
  });
  const ask = (sheet: RateSheet) => {
    remove.reset();
    setChosen(sheet);
  };
  return (
    <Page
      title={words.title}
      description={words.description}
      permission="rate-sheets:read"
      actions={
        <ReasonedButton reason={mayWrite ? null : words.noWrite} onClick={() => setCreating(true)}>
          {words.create}
        </ReasonedButton>
      }
    >
      <DataTable
        list={list}
        columns={columns}
        rowKey={(row) => row.id}
        caption={words.caption}
        empty={{ title: words.emptyTitle, description: words.emptyText }}
        {...(mayWrite
          ? {
              actions: (row: RateSheet) => (
                <Button size="xs" variant="default" onClick={() => ask(row)} aria-label={words.removeNamed(row.name)}>
                  {words.remove}
                </Button>
              ),
            }
          : {})}
      />
      <CreateModal opened={creating} onClose={() => setCreating(false)} />
      <ConfirmModal
        opened={chosen !== null}
        onClose={() => setChosen(null)}
        title={words.removeTitle}
        confirm={words.remove}
        danger
        onConfirm={() => chosen && remove.mutate(chosen.id)}
        loading={remove.isPending}
        error={remove.error}
      >
        {words.removeText(chosen?.name ?? "")}
      </ConfirmModal>
    </Page>
  );
}
