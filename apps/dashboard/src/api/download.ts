import { sessionFetch } from "@/auth/session";
import { readError } from "./error";

/** Fetches a file with the session's token and hands it to the browser to save. `accept` says which form, as `text/csv`. */
export async function download(path: string, fileName: string, accept: string): Promise<void> {
  const response = await sessionFetch(new Request(path, { headers: { Accept: accept } }));
  if (!response.ok) throw readError(response, await response.json().catch(() => null));
  saveBlob(await response.blob(), fileName);
}

/** Saves text that the page made itself. */
export function saveText(text: string, fileName: string, type = "text/csv"): void {
  saveBlob(new Blob([text], { type: `${type};charset=utf-8` }), fileName);
}

function saveBlob(blob: Blob, fileName: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
