import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, type Schema } from "@/api/client";
import type { Key } from "../keys/model";
import { usageStart } from "../keys/use";
import type { Refusals } from "./rules";

const PATH = "/v1/management/usage";

/** Counts what was refused of some keys in the last 90 days. */
export function useRefusals(keys: Key[], enabled: boolean): { refusals: Refusals; isPending: boolean; error: unknown } {
  const from = useMemo(() => usageStart(Date.now()), []);
  return useQueries({
    queries: keys.map((key) => {
      const init = { params: { query: { key_id: key.id, interval: "day", from } } };
      return {
        queryKey: [PATH, init],
        queryFn: ({ signal }: { signal: AbortSignal }) => api.load(PATH, init, { signal }),
        enabled,
        staleTime: 60_000,
      };
    }),
    combine: (results) => ({
      refusals: new Map(
        results.flatMap(({ data }, index) => {
          const totals = (data?.data as Schema<"UsageView"> | undefined)?.totals;
          const id = keys[index]?.id;
          return totals && id ? [[id, totals.refused + totals.limited] as const] : [];
        }),
      ),
      isPending: results.some((result) => result.isPending && result.fetchStatus !== "idle"),
      error: results.find((result) => result.error)?.error ?? null,
    }),
  });
}
