import { lazy } from "react";

/** Fetches the code of the dialogs, once. */
export const loadDialogs = () => import("./dialogs");
/** The same, before it is needed: if it fails, it is fetched again then. */
export const prepareDialogs = () => void loadDialogs().catch(() => undefined);

export const CreateKey = lazy(async () => ({ default: (await loadDialogs()).CreateKey }));
export const KeyDialogs = lazy(async () => ({ default: (await loadDialogs()).KeyDialogs }));
export const ShownSecret = lazy(async () => ({ default: (await loadDialogs()).ShownSecret }));
