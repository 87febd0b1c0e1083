import { Button, Code, Stack, Text, Title } from "@mantine/core";
import { api, type Schema } from "@/api/client";
import { useAction, useList } from "@/api/hooks";
import { strings } from "@/strings";
import { DataTable, StatusBadge, Timestamp } from "@/ui";
import { PROJECTS } from "./useProject";

const words = strings.projects.hooks;
const LIST = "/management/v1/projects/{projectId}/webhooks/{webhookId}/send-outs";

interface Attempt {
  status_code?: number | null;
  error?: string | null;
  duration_ms?: number;
  response?: string | null;
}

interface SendOutsProps {
  projectId: string;
  hook: Schema<"HookView">;
  mayChange: boolean;
}

/** What was sent to a webhook, with the last answer, and a button to send it again. */
export function SendOuts({ projectId, hook, mayChange }: SendOutsProps) {
  const path = { projectId, webhookId: hook.id };
  const params = { path, query: { limit: 100 } };
  const list = useList(LIST, { params }, { refetchInterval: 10_000 });
  const retry = useAction(
    (sendOutId: string) => api.post(`${LIST}/{sendOutId}/retry`, { params: { path: { ...path, sendOutId } } }),
    { invalidates: [PROJECTS], done: words.retried, notifyErrors: true },
  );
  return (
    <Stack gap="sm" component="section" aria-label={words.log}>
      <Title order={2}>{words.logTitle(hook.target_url)}</Title>
      <DataTable
        list={list}
        columns={[
          { key: "event", header: words.event, cell: ({ type }) => type },
          { key: "status", header: words.status, cell: ({ status }) => <StatusBadge status={status} /> },
          { key: "attempts", header: words.attempts, cell: ({ attempts }) => attempts.length, align: "right" },
          { key: "answer", header: words.response, cell: ({ attempts }) => <Answer of={attempts.at(-1)} /> },
          { key: "made", header: words.created, cell: ({ created_at }) => <Timestamp at={created_at} /> },
          {
            key: "next",
            header: words.next,
            cell: ({ next_attempt_at }) => <Timestamp at={next_attempt_at} never="–" />,
          },
        ]}
        rowKey={({ id }) => id}
        caption={words.logCaption}
        empty={{ title: words.logEmpty, description: words.logEmptyText }}
        actions={({ id }) =>
          mayChange && hook.active ? (
            <Button size="xs" variant="default" onClick={() => retry.mutate(id)} disabled={retry.isPending}>
              {words.retry}
            </Button>
          ) : null
        }
      />
    </Stack>
  );
}

function Answer({ of }: { of: unknown }) {
  if (!of) return "–";
  const { status_code, error, duration_ms, response } = of as Attempt;
  return (
    <>
      <Text size="sm">
        {status_code ?? words.noAnswer(error ?? "")} {duration_ms === undefined ? "" : words.ms(duration_ms)}
      </Text>
      {response ? <Code>{response.slice(0, 200)}</Code> : null}
    </>
  );
}
