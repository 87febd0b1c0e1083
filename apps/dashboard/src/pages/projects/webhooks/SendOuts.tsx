import { Anchor, Button, Group, NativeSelect, Stack, Title, VisuallyHidden } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable, StatusBadge, Timestamp } from "@/ui";
import classes from "../schema/schema.module.css";
import { PROJECTS } from "../useProject";
import { Attempts, answerOf } from "./Attempts";
import { useSendOuts } from "./useSendOuts";

const words = strings.projects.hooks;
const RETRY = "/management/v1/projects/{projectId}/webhooks/{webhookId}/send-outs/{sendOutId}/retry";
const FILTERS = [
  { value: "", label: words.all },
  ...Object.entries(words.statuses).map(([value, label]) => ({ value, label })),
];

interface SendOutsProps {
  projectId: string;
  hook: Schema<"HookView">;
  mayChange: boolean;
  onClose: () => void;
}

/** What was sent to a webhook, with every answer, and a button to send it again. */
export function SendOuts({ projectId, hook, mayChange, onClose }: SendOutsProps) {
  const [status, setStatus] = useState("");
  const [shown, setShown] = useState<Schema<"SendOutView"> | null>(null);
  const list = useSendOuts(projectId, hook.id, status);
  const retry = useAction(
    (sendOutId: string) => api.post(RETRY, { params: { path: { projectId, webhookId: hook.id, sendOutId } } }),
    { invalidates: [PROJECTS], done: words.retried, notifyErrors: true },
  );
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <Stack gap="sm" component="section" aria-labelledby="send-outs">
      <Title order={2} id="send-outs" ref={heading} tabIndex={-1} className={classes.name ?? ""}>
        {words.logTitle(hook.target_url)}
      </Title>
      <Group justify="space-between" align="flex-end">
        <NativeSelect
          label={words.filter}
          data={FILTERS}
          value={status}
          onChange={(event) => setStatus(event.currentTarget.value)}
        />
        <Button variant="default" onClick={onClose}>
          {words.closeLog}
        </Button>
      </Group>
      <DataTable
        list={list}
        columns={[
          { key: "event", header: words.event, cell: ({ type }) => <span className={classes.name}>{type}</span> },
          { key: "status", header: words.status, cell: ({ status }) => <Status status={status} /> },
          {
            key: "attempts",
            header: words.attempts,
            cell: (row) => (
              <Anchor
                component="button"
                type="button"
                size="sm"
                className={classes.button ?? ""}
                onClick={() => setShown(row)}
              >
                {words.more(row.attempts.length)}
                <VisuallyHidden> {words.moreOf(row.type)}</VisuallyHidden>
              </Anchor>
            ),
          },
          { key: "answer", header: words.response, cell: ({ attempts }) => answerOf(attempts.at(-1)) },
          { key: "made", header: words.created, cell: ({ created_at }) => <Timestamp at={created_at} /> },
          {
            key: "next",
            header: words.next,
            cell: ({ next_attempt_at }) => <Timestamp at={next_attempt_at} never="–" />,
          },
        ]}
        rowKey={({ id }) => id}
        caption={words.logCaption}
        empty={
          status
            ? { title: words.logNoneSuch, description: words.logNoneSuchText }
            : { title: words.logEmpty, description: words.logEmptyText }
        }
        actions={(row) =>
          mayChange ? (
            <Button
              size="xs"
              variant="default"
              onClick={() => retry.mutate(row.id)}
              disabled={!hook.active || retry.isPending}
              title={hook.active ? undefined : words.testOff}
              aria-label={words.retryOf(row.type)}
            >
              {words.retry}
            </Button>
          ) : null
        }
      />
      <Attempts sendOut={list.rows.find(({ id }) => id === shown?.id) ?? shown} onClose={() => setShown(null)} />
    </Stack>
  );
}

function Status({ status }: { status: string }) {
  return <StatusBadge status={status} label={words.statuses[status as keyof typeof words.statuses] ?? status} />;
}
