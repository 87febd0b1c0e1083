import { useCallback } from "react";
import { useSearchParams } from "react-router";

/** The filters of a list. They stand in the address, so that it can be kept and shared. */
export function useFilters<Name extends string>(names: readonly Name[]) {
  const [params, setParams] = useSearchParams();
  const values = Object.fromEntries(names.map((name) => [name, params.get(name) ?? ""])) as Record<Name, string>;
  const set = useCallback(
    (name: Name, value: string) =>
      setParams(
        (former) => {
          const next = new URLSearchParams(former);
          if (value) next.set(name, value);
          else next.delete(name);
          return next;
        },
        { replace: true },
      ),
    [setParams],
  );
  const clear = useCallback(() => setParams({}, { replace: true }), [setParams]);
  return { values, set, clear, any: names.some((name) => values[name] !== "") };
}

/** The filters that are set, as a query. */
export function asQuery<Name extends string>(values: Record<Name, string>): Partial<Record<Name, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "")) as Partial<
    Record<Name, string>
  >;
}

/** The first moment of a day in the reader's zone, and the last. */
export const dayStart = (day: string): string => new Date(`${day}T00:00:00`).toISOString();
export const dayEnd = (day: string): string => new Date(`${day}T23:59:59.999`).toISOString();
