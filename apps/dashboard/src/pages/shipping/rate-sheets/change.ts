import { api, type Schema } from "@/api/client";
import { useAction } from "@/api/hooks";

export type RateSheet = Schema<"RateSheet">;
export const PATH = "/v1/management/rate-sheets";

/** The lists of a sheet that a change replaces. */
export interface SheetChange {
  zones?: Schema<"ZoneDraft">[];
  surcharges?: Schema<"SurchargeDraft">[];
  services?: Schema<"ServiceDraft">[];
  service_rates?: Schema<"ServiceRateDraft">[];
}

/** What an open sheet is: itself, its tag, and whether the role may change it. */
export interface Open {
  sheet: RateSheet;
  etag: string | null;
  mayWrite: boolean;
}

/** Changes a sheet, unless somebody else changed it meanwhile. */
export function useSheetChange({ sheet, etag }: Open, done: string, onSuccess: () => void) {
  return useAction(
    (change: SheetChange) =>
      api.patch(
        `${PATH}/{id}`,
        // The description does not say what a merge patch holds.
        { params: { path: { id: sheet.id } }, body: change as Record<string, never> },
        { ifMatch: etag },
      ),
    { invalidates: [PATH], done, onSuccess },
  );
}

/** Services as they are sent: the answer says more than a change may. */
export function serviceDrafts(sheet: RateSheet): Schema<"ServiceDraft">[] {
  return sheet.services.map(({ object_type: _, ...service }) => service);
}

export function priceDrafts(sheet: RateSheet): Schema<"ServiceRateDraft">[] {
  return sheet.service_rates.map(({ service_id: _, ...rate }) => rate);
}

/** `US, CA` as a list. */
export function listOf(text: string): string[] {
  return text
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean);
}

/** A number, or nothing for an empty field. */
export function numberOf(value: string | number): number | null {
  return value === "" ? null : Number(value);
}
