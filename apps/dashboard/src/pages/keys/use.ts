import { useMemo } from "react";
import type { Schema } from "@/api/client";
import type { ApiError } from "@/api/error";
import { useGet } from "@/api/hooks";
import { useCan } from "@/auth/hooks";
import type { Key } from "./model";

export type Surface = "resource" | "verify" | "management";

export interface Use {
  surface: Surface;
  /** Requests, whatever became of them. */
  count: number;
  /** The last day with any, the beginning of a day in UTC. */
  last: string;
}

interface Uses {
  uses: Use[];
  isPending: boolean;
  error: ApiError | null;
  refetch: () => void;
}

const DAY = 86_400_000;
const DAYS = 90;

/** The day 89 days ago, so that today is the ninetieth. The same all day, so that answers are shared. */
export function usageStart(now: number): string {
  return new Date(Math.floor(now / DAY) * DAY - (DAYS - 1) * DAY).toISOString();
}

/** Where a key was used in the last 90 days, the latest first: which part of the product counted its requests. */
export function useUses(key: Key): Uses {
  const from = useMemo(() => usageStart(Date.now()), []);
  const enabled = useCan("usage:read");
  const load = (surface: Surface) => ({
    params: { query: { key_id: key.id, surface, interval: "day", from } },
  });
  const isManagement = key.kind === "management";
  const management = useGet("/v1/management/usage", load("management"), { enabled: enabled && isManagement });
  const resource = useGet("/v1/management/usage", load("resource"), { enabled: enabled && !isManagement });
  const verify = useGet("/v1/management/usage", load("verify"), { enabled: enabled && !isManagement });
  const all = [
    ["management", management],
    ["resource", resource],
    ["verify", verify],
  ] as const;
  const uses = all.flatMap(([surface, { data }]) => {
    const busy = ((data as Schema<"UsageView"> | undefined)?.data ?? []).filter(
      (bucket) => bucket.accepted + bucket.refused + bucket.limited > 0,
    );
    const last = busy.at(-1)?.start;
    const count = busy.reduce((sum, bucket) => sum + bucket.accepted + bucket.refused + bucket.limited, 0);
    return last ? [{ surface, count, last }] : [];
  });
  return {
    uses: uses.sort((a, b) => b.last.localeCompare(a.last)),
    isPending: all.some(([, query]) => query.isPending),
    error: all.find(([, query]) => query.error)?.[1].error ?? null,
    refetch: () => {
      for (const [, query] of all) if (query.error) query.refetch();
    },
  };
}
