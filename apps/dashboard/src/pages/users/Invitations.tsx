import { ActionIcon, Menu, Text, Title } from "@mantine/core";
import { IconDots, IconMailForward, IconMailOff } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction, useList } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import { strings } from "@/strings";
import { type Column, ConfirmModal, DataTable, StatusBadge, Timestamp } from "@/ui";
import { roleName, useRoles } from "./useRoles";
import classes from "./users.module.css";

type Invitation = Schema<"InvitationView">;

const words = strings.users;
const PATHS = ["/v1/management/invitations", "/v1/management/users"];

const columns: Column<Invitation>[] = [
  {
    key: "person",
    header: words.address,
    cell: ({ email, name }) => (
      <div>
        <Text size="sm" fw={550} className={classes.email ?? ""}>
          {email}
        </Text>
        {name ? (
          <Text size="xs" c="dimmed" fw={400}>
            {name}
          </Text>
        ) : null}
      </div>
    ),
  },
  { key: "role", header: words.role, cell: ({ role }) => roleName(role) },
  {
    key: "status",
    header: words.status,
    width: 120,
    cell: ({ status }) => <StatusBadge status={status} label={status === "expired" ? words.expired : words.pending} />,
  },
  {
    key: "sent",
    header: words.sent,
    cell: ({ created_at }) => <Timestamp at={created_at} format="date" />,
    width: 120,
  },
  { key: "ends", header: words.ends, cell: ({ expires_at }) => <Timestamp at={expires_at} />, width: 100 },
];

interface InvitationsProps {
  onSent: (invitation: Schema<"InvitationCreated">) => void;
}

/** Those who were invited and did not answer yet. */
export function Invitations({ onSent }: InvitationsProps) {
  const mayWrite = useCan("users:write");
  const { grants } = useRoles();
  const list = useList("/v1/management/invitations");
  const [asked, setAsked] = useState<{ what: "resend" | "withdraw"; invitation: Invitation } | null>(null);
  const close = () => setAsked(null);
  const resend = useAction(
    (id: string) => api.post("/v1/management/invitations/{id}/resend", { params: { path: { id } } }),
    {
      invalidates: PATHS,
      onSuccess: (sent) => {
        close();
        onSent(sent);
      },
    },
  );
  const withdraw = useAction(
    (id: string) => api.delete("/v1/management/invitations/{id}", { params: { path: { id } } }),
    {
      invalidates: PATHS,
      done: words.withdrawn,
      onSuccess: close,
    },
  );
  const ask = (what: "resend" | "withdraw", invitation: Invitation) => {
    resend.reset();
    withdraw.reset();
    setAsked({ what, invitation });
  };
  const email = asked?.invitation.email ?? "";
  return (
    <section aria-labelledby="invitations">
      <Title order={2} id="invitations">
        {words.invitations}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {words.invitationsText}
      </Text>
      <DataTable
        list={list}
        columns={columns}
        rowKey={(row) => row.id}
        caption={words.invitationsCaption}
        empty={{ title: words.noInvitations, description: words.noInvitationsText }}
        {...(mayWrite
          ? {
              actions: (row: Invitation) => {
                const above = !grants.includes(row.role);
                return (
                  <Menu position="bottom-end" shadow="md" width={200}>
                    <Menu.Target>
                      <ActionIcon variant="subtle" color="gray" aria-label={words.menuOf(row.email)}>
                        <IconDots size={18} />
                      </ActionIcon>
                    </Menu.Target>
                    <Menu.Dropdown>
                      {above ? <Menu.Label>{words.aboveYou(row.role)}</Menu.Label> : null}
                      <Menu.Item
                        leftSection={<IconMailForward size={16} />}
                        disabled={above}
                        onClick={() => ask("resend", row)}
                      >
                        {words.resend}
                      </Menu.Item>
                      <Menu.Item
                        leftSection={<IconMailOff size={16} />}
                        color="red"
                        disabled={above}
                        onClick={() => ask("withdraw", row)}
                      >
                        {words.withdraw}
                      </Menu.Item>
                    </Menu.Dropdown>
                  </Menu>
                );
              },
            }
          : {})}
      />
      <ConfirmModal
        opened={asked?.what === "resend"}
        onClose={close}
        title={words.resendTitle}
        confirm={words.resend}
        onConfirm={() => asked && resend.mutate(asked.invitation.id)}
        loading={resend.isPending}
        error={resend.error}
      >
        {words.resendText(email)}
      </ConfirmModal>
      <ConfirmModal
        opened={asked?.what === "withdraw"}
        onClose={close}
        title={words.withdrawTitle}
        confirm={words.withdrawConfirm}
        danger
        onConfirm={() => asked && withdraw.mutate(asked.invitation.id)}
        loading={withdraw.isPending}
        error={withdraw.error}
      >
        {words.withdrawText(email)}
      </ConfirmModal>
    </section>
  );
}
