import { ActionIcon, Badge, Button, Group, Menu, Text, Title } from "@mantine/core";
import { IconAdjustments, IconDots, IconPlayerPause, IconPlayerPlay, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useList } from "@/api/hooks";
import { useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { type Column, DataTable, StatusBadge, Timestamp } from "@/ui";
import { CreateModal } from "./CreateModal";
import { OwnerLinkModal } from "./OwnerLinkModal";
import { PlanModal } from "./PlanModal";
import { quotaText } from "./quota";
import { StandingModal } from "./StandingModal";

type Organization = Schema<"OrganizationView">;
type Dialog = { what: "plan" | "standing"; organization: Organization };

const words = strings.organization;

function Name({ organization }: { organization: Organization }) {
  const own = useMe().organization;
  return (
    <div>
      <Group gap="xs">
        <Text size="sm" fw={550}>
          {organization.name}
        </Text>
        {organization.id === own.id ? (
          <Badge variant="light" size="sm" tt="none">
            {words.operatorBadge}
          </Badge>
        ) : null}
      </Group>
      <Text size="xs" c="dimmed" fw={400}>
        {organization.slug}
      </Text>
    </div>
  );
}

const columns: Column<Organization>[] = [
  { key: "name", header: words.name, cell: (row) => <Name organization={row} /> },
  { key: "status", header: words.status, cell: ({ status }) => <StatusBadge status={status} /> },
  { key: "plan", header: words.planLabel, cell: ({ plan }) => words.plans[plan] ?? plan },
  { key: "quota", header: words.quota, cell: ({ quota }) => quotaText(quota) },
  { key: "created", header: words.created, cell: ({ created_at }) => <Timestamp at={created_at} format="date" /> },
];

/** All organizations, for the operator. */
export function Organizations() {
  const list = useList("/v1/management/organizations");
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<Schema<"OrganizationCreated"> | null>(null);
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const close = () => setDialog(null);
  return (
    <section aria-labelledby="organizations">
      <Group justify="space-between" align="flex-end" mb="sm">
        <div>
          <Title order={2} id="organizations">
            {words.operatorTitle}
          </Title>
          <Text size="sm" c="dimmed">
            {words.operatorText}
          </Text>
        </div>
        <Button leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)}>
          {words.add}
        </Button>
      </Group>
      <DataTable
        list={list}
        columns={columns}
        rowKey={(row) => row.id}
        caption={words.operatorCaption}
        empty={{ title: words.noOrganizations }}
        actions={(row) => <Actions organization={row} onChoose={(what) => setDialog({ what, organization: row })} />}
      />
      <CreateModal opened={adding} onClose={() => setAdding(false)} onCreated={setMade} />
      <OwnerLinkModal made={made} onClose={() => setMade(null)} />
      <PlanModal organization={dialog?.what === "plan" ? dialog.organization : null} onClose={close} />
      <StandingModal organization={dialog?.what === "standing" ? dialog.organization : null} onClose={close} />
    </section>
  );
}

interface ActionsProps {
  organization: Organization;
  onChoose: (what: Dialog["what"]) => void;
}

function Actions({ organization, onChoose }: ActionsProps) {
  const own = useMe().organization.id === organization.id;
  const suspended = organization.status === "suspended";
  return (
    <Menu position="bottom-end" shadow="md" width={230}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={words.menu(organization.name)}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconAdjustments size={16} />} onClick={() => onChoose("plan")}>
          {words.edit}
        </Menu.Item>
        {own ? <Menu.Label>{words.ownOperator}</Menu.Label> : null}
        <Menu.Item
          leftSection={suspended ? <IconPlayerPlay size={16} /> : <IconPlayerPause size={16} />}
          {...(suspended ? {} : { color: "red" })}
          disabled={own}
          onClick={() => onChoose("standing")}
        >
          {suspended ? words.resume : words.suspend}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
