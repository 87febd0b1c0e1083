import { useSearchParams } from "react-router";

export interface Filters {
  actor: string;
  action: string;
  /** Days as date fields write them, in the reader's zone, both included. */
  from: string;
  to: string;
}

const NAMES = ["actor", "action", "from", "to"] as const;

/** The filters, which the page's address holds, so that they can be shared and survive going back. */
export function useFilters(): [Filters, (name: keyof Filters, value: string) => void, () => void] {
  const [params, setParams] = useSearchParams();
  const read = (name: keyof Filters) => params.get(name) ?? "";
  const filters = { actor: read("actor"), action: read("action"), from: read("from"), to: read("to") };
  const set = (name: keyof Filters, value: string) =>
    setParams(
      (former) => {
        const next = new URLSearchParams(former);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  return [filters, set, () => setParams({}, { replace: true })];
}

/** Whether any filter is set. */
export function isFiltered(filters: Filters): boolean {
  return NAMES.some((name) => filters[name] !== "");
}

/** The beginning of a day in the reader's zone, or of the day some days later. */
function dayStart(day: string, later: number): string | null {
  const [year, month, date] = day.split("-").map(Number);
  if (!year || !month || !date) return null;
  const start = new Date(year, month - 1, date + later);
  return Number.isNaN(start.getTime()) ? null : start.toISOString();
}

/** The filters as the API takes them. */
export function queryOf({ actor, action, from, to }: Filters): Record<string, string> {
  const query: Record<string, string> = {};
  if (actor) query.actor = actor;
  if (action) query.action = action;
  const start = dayStart(from, 0);
  if (start) query.from = start;
  // The last day belongs to the range, and the API's `to` does not.
  const end = dayStart(to, 1);
  if (end) query.to = end;
  return query;
}
