import { ActionIcon, Button, Menu, Skeleton, Stack } from "@mantine/core";
import { IconDots, IconEdit, IconPlayerPause, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { api, type Schema } from "@/api/client";
import { useAction, useGet } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { BackLink, ConfirmModal, ErrorAlert, Page } from "@/ui";
import { Deliveries } from "./Deliveries";
import { EndpointModal } from "./EndpointModal";
import { Facts } from "./Facts";
import { Secret } from "./Secret";
import { TestModal } from "./TestModal";

type Endpoint = Schema<"WebhookView">;

const words = strings.webhooks;

/** One endpoint: its settings, its secret, and what was sent to it. */
export function Detail() {
  const { id = "" } = useParams();
  const mayChange = useCan("webhooks:write");
  const { data, etag, error, refetch } = useGet(
    "/v1/management/webhooks/{id}",
    { params: { path: { id } } },
    { refetchInterval: 30_000 },
  );
  return (
    <Page
      title={words.detailTitle}
      description={data?.url}
      permission="webhooks:read"
      above={<BackLink to="/webhooks">{words.back}</BackLink>}
      actions={data && mayChange ? <Actions endpoint={data} etag={etag} /> : null}
    >
      {data ? (
        <Stack gap="lg">
          <Facts endpoint={data} />
          <Secret endpoint={data} mayChange={mayChange} />
          <Deliveries endpoint={data} mayChange={mayChange} />
        </Stack>
      ) : error ? (
        <ErrorAlert error={error} title={strings.common.loadErrorTitle} retry={refetch} />
      ) : (
        <Skeleton h={240} role="status" aria-label={strings.common.loading} />
      )}
    </Page>
  );
}

function Actions({ endpoint, etag }: { endpoint: Endpoint; etag: string | null }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [open, setOpen] = useState<"edit" | "test" | "off" | "remove" | null>(null);
  const close = () => setOpen(null);
  const params = { path: { id: endpoint.id } };
  const paths = ["/v1/management/webhooks"];
  const turn = useAction((active: boolean) => api.patch("/v1/management/webhooks/{id}", { params, body: { active } }), {
    invalidates: paths,
    done: (_, active) => (active ? words.turnedOn : words.turnedOff),
    onSuccess: close,
    notifyErrors: true,
  });
  const remove = useAction(() => api.delete("/v1/management/webhooks/{id}", { params }), {
    done: words.removed,
    onSuccess: () => {
      // The list alone: the object itself is gone, and must not be asked for again.
      void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "/v1/management/webhooks" });
      void navigate("/webhooks");
    },
  });
  const ask = (what: "edit" | "test" | "off" | "remove") => {
    turn.reset();
    remove.reset();
    setOpen(what);
  };
  return (
    <>
      <Button
        onClick={() => ask("test")}
        disabled={!endpoint.active}
        title={endpoint.active ? undefined : words.offReason}
      >
        {words.test}
      </Button>
      <Menu position="bottom-end" shadow="md" width={180}>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={words.menu(endpoint.url)}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconEdit size={16} />} onClick={() => ask("edit")}>
            {words.edit}
          </Menu.Item>
          {endpoint.active ? (
            <Menu.Item leftSection={<IconPlayerPause size={16} />} onClick={() => ask("off")}>
              {words.turnOff}
            </Menu.Item>
          ) : (
            <Menu.Item leftSection={<IconPlayerPlay size={16} />} onClick={() => turn.mutate(true)}>
              {words.turnOn}
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item leftSection={<IconTrash size={16} />} color="red" onClick={() => ask("remove")}>
            {words.remove}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <EndpointModal opened={open === "edit"} onClose={close} endpoint={endpoint} etag={etag} />
      <TestModal opened={open === "test"} onClose={close} endpoint={endpoint} />
      <ConfirmModal
        opened={open === "off"}
        onClose={close}
        title={words.turnOffTitle}
        confirm={words.turnOff}
        onConfirm={() => turn.mutate(false)}
        loading={turn.isPending}
        error={turn.error}
      >
        {words.turnOffText(endpoint.url)}
      </ConfirmModal>
      <ConfirmModal
        opened={open === "remove"}
        onClose={close}
        title={words.removeTitle}
        confirm={words.removeConfirm}
        danger
        onConfirm={() => remove.mutate()}
        loading={remove.isPending}
        error={remove.error}
      >
        {words.removeText(endpoint.url)}
      </ConfirmModal>
    </>
  );
}
