import { Drawer, Group, Stack, Title } from "@mantine/core";
import type { Schema } from "@/api/client";
import { strings } from "@/strings";
import { CopyButton, Timestamp } from "@/ui";
import { useActors } from "./actors";
import classes from "./audit.module.css";
import { Changes } from "./Changes";
import { titleOf } from "./values";

type Entry = Schema<"AuditView">;

const words = strings.audit;

/** One entry in full; open while there is one. */
export function EntryDrawer({ entry, onClose }: { entry: Entry | null; onClose: () => void }) {
  return (
    <Drawer
      opened={entry !== null}
      onClose={onClose}
      title={entry ? (words.actions[entry.action] ?? entry.action) : words.entry}
      position="right"
      size="lg"
      closeButtonProps={{ "aria-label": strings.common.close }}
    >
      {entry ? <Facts entry={entry} /> : null}
    </Drawer>
  );
}

function Facts({ entry }: { entry: Entry }) {
  const { nameOf } = useActors();
  const { actor, action, target, address, request_id, created_at } = entry;
  const title = titleOf(entry);
  return (
    <Stack gap="lg">
      <dl className={classes.facts}>
        <dt>{words.when}</dt>
        <dd>
          <Timestamp at={created_at} format="time" />
        </dd>
        <dt>{words.actor}</dt>
        <dd>
          {nameOf(actor)}
          {actor === "system" ? null : <Id text={actor} name={words.actorId} />}
        </dd>
        <dt>{words.action}</dt>
        <dd className={classes.mono}>{action}</dd>
        <dt>{words.target}</dt>
        <dd>
          {title}
          <Id text={target} name={words.targetId} />
        </dd>
        <dt>{words.where}</dt>
        <dd>{address ?? words.unknownAddress}</dd>
        {request_id ? (
          <>
            <dt>{words.request}</dt>
            <dd>
              <Id text={request_id} name={words.request} />
            </dd>
          </>
        ) : null}
      </dl>
      <section>
        <Title order={3} mb="xs">
          {words.changes}
        </Title>
        <Changes entry={entry} />
      </section>
    </Stack>
  );
}

function Id({ text, name }: { text: string; name: string }) {
  return (
    <Group gap={4} wrap="nowrap">
      <span className={classes.mono}>{text}</span>
      <CopyButton value={text} name={name} />
    </Group>
  );
}
