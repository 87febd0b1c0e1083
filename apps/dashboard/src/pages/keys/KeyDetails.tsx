import { Code, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { useGet } from "@/api/hooks";
import { useCan, useMe } from "@/auth/hooks";
import { strings } from "@/strings";
import { CopyButton, Timestamp } from "@/ui";
import { KeyStatus } from "./columns";
import { Facts } from "./Facts";
import { type Key, masked, quotaOf, rateLimitOf } from "./model";
import { WhereUsed } from "./WhereUsed";

const words = strings.keys.details;
const { column, environment, form } = strings.keys;
const number = new Intl.NumberFormat("en");

/** All that is known of a key, and where it is used. */
export function KeyDetails({ row, onClose }: { row: Key; onClose: () => void }) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={words.title(row.name)}
      size="lg"
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      <Stack gap="lg">
        <Facts rows={factsOf(row)} />
        <div>
          <Title order={3} mb="xs">
            {words.use}
          </Title>
          <Text size="sm" component="div">
            <WhereUsed row={row} />
          </Text>
        </div>
      </Stack>
    </Modal>
  );
}

function factsOf(row: Key) {
  return [
    [words.key, <Code key="key">{masked(row)}</Code>],
    [words.id, <Id key="id" id={row.id} />],
    [column.status, <KeyStatus key="status" row={row} />],
    [form.environment, environment[row.environment] ?? row.environment],
    [row.kind === "secret" ? form.scopes : form.permissions, <List key="scopes" items={row.scopes} />],
    [words.rate, rateText(row)],
    [words.quota, quotaText(row)],
    [words.networks, row.ip_allowlist.length > 0 ? <List key="networks" items={row.ip_allowlist} /> : words.anywhere],
    ...(row.kind === "secret" || row.warehouse_ids.length > 0
      ? [[words.warehouses, row.warehouse_ids.length > 0 ? row.warehouse_ids.join(", ") : words.any] as const]
      : []),
    [column.lastUsed, <Timestamp key="used" at={row.last_used_at} />],
    [column.created, <Timestamp key="created" at={row.created_at} format="time" />],
    [words.createdBy, <Creator key="creator" id={row.created_by} />],
    [column.expires, <Timestamp key="expires" at={row.expires_at} format="time" />],
    ...(row.revoked_at ? [[column.ended, <Timestamp key="ended" at={row.revoked_at} format="time" />] as const] : []),
    ...(row.replaced_by ? [[words.replacedBy, <Id key="replaced" id={row.replaced_by} />] as const] : []),
    ...(Object.keys(row.metadata).length > 0
      ? [
          [
            words.metadata,
            <Code key="metadata" block>
              {JSON.stringify(row.metadata, null, 2)}
            </Code>,
          ] as const,
        ]
      : []),
  ] as const;
}

function Id({ id }: { id: string }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Code>{id}</Code>
      <CopyButton value={id} name={words.id} />
    </Group>
  );
}

function List({ items }: { items: readonly string[] }) {
  if (items.includes("*")) return strings.keys.everything;
  return (
    <Group gap={4}>
      {items.map((item) => (
        <Code key={item}>{item}</Code>
      ))}
    </Group>
  );
}

/** A member's name where it is known: keys are also made by other keys, and by people who have left. */
function Creator({ id }: { id: string }) {
  const { user } = useMe();
  const canRead = useCan("users:read");
  const isOther = id.startsWith("usr_") && id !== user.id;
  const found = useGet("/v1/management/users/{id}", { params: { path: { id } } }, { enabled: canRead && isOther });
  if (id === user.id) return user.name || user.email;
  return found.data?.name || found.data?.email || <Code>{id}</Code>;
}

function rateText(row: Key): string {
  const rate = rateLimitOf(row);
  if (!rate) return form.unlimited;
  const per = form.per[String(rate.per_seconds)] ?? form.perSeconds(rate.per_seconds);
  return words.rateText(number.format(rate.requests), per);
}

function quotaText(row: Key): string {
  const quota = quotaOf(row);
  if (!quota) return form.unlimited;
  return words.quotaText(number.format(quota.limit), form.periods[quota.period] ?? quota.period);
}
