import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { download, saveText } from "@/api/download";
import { useAction } from "@/api/hooks";
import { strings } from "@/strings";
import { startOf } from "./range";
import { csvOf } from "./series";
import type { Question, Usage } from "./useUsage";

/** Saves what is shown: by outcome as the server writes it, otherwise as the page put it together. */
export function ExportButton({ question, usage }: { question: Question; usage: Usage }) {
  const save = useAction(() => exported(question, usage), { notifyErrors: true });
  return (
    <Button
      variant="default"
      leftSection={<IconDownload size={16} />}
      onClick={() => save.mutate()}
      loading={save.isPending}
      disabled={usage.isPending || usage.error !== null}
    >
      {strings.usage.export}
    </Button>
  );
}

async function exported({ range, interval, split, surface, key }: Question, usage: Usage): Promise<void> {
  const name = `usage-${split}-${range}-${new Date().toISOString().slice(0, 10)}.csv`;
  if (split !== "outcome") {
    saveText(csvOf(usage.series, usage.points), name);
    return;
  }
  const query = new URLSearchParams({ from: startOf(range, interval, Date.now()), interval });
  if (surface) query.set("surface", surface);
  if (key) query.set("key_id", key);
  await download(`/v1/management/usage?${query}`, name, "text/csv");
}
