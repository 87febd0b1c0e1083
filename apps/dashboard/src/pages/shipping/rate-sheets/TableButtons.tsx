import { Button } from "@mantine/core";
import { IconDownload, IconUpload } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { download } from "@/api/download";
import { useAction } from "@/api/hooks";
import { sendTable } from "@/api/table";
import { strings } from "@/strings";
import { ConfirmModal } from "@/ui";
import { ReasonedButton } from "../shared/ReasonedButton";
import { type Open, PATH } from "./change";

const words = strings.rateSheets;

/** Takes a sheet's prices out as a table, and in again. */
export function TableButtons({ sheet, etag, mayWrite }: Open) {
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState("");
  const path = `${PATH}/${encodeURIComponent(sheet.id)}`;
  const save = useAction(() => download(path, `${sheet.slug}.csv`, "text/csv"), { notifyErrors: true });
  const replace = useAction(async (table: File) => sendTable("PUT", path, await table.text(), etag), {
    invalidates: [PATH],
    done: words.imported,
    onSuccess: () => setFile(null),
  });
  const choose = (chosen: File | null) => {
    if (!chosen) return;
    replace.reset();
    setName(chosen.name);
    setFile(chosen);
  };
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={() => save.mutate()}
        loading={save.isPending}
      >
        {words.exportCsv}
      </Button>
      <ReasonedButton
        variant="default"
        leftSection={<IconUpload size={16} aria-hidden />}
        reason={mayWrite ? null : words.noWrite}
        onClick={() => input.current?.click()}
      >
        {words.importCsv}
      </ReasonedButton>
      <input
        ref={input}
        type="file"
        accept=".csv,text/csv"
        hidden
        aria-label={words.importCsv}
        onChange={(event) => {
          choose(event.currentTarget.files?.[0] ?? null);
          // The same file can be chosen again after it was corrected.
          event.currentTarget.value = "";
        }}
      />
      <ConfirmModal
        opened={file !== null}
        onClose={() => setFile(null)}
        title={words.importTitle}
        confirm={words.importSubmit}
        onConfirm={() => file && replace.mutate(file)}
        loading={replace.isPending}
        error={replace.error}
      >
        {words.importText(name)}
      </ConfirmModal>
    </>
  );
}
