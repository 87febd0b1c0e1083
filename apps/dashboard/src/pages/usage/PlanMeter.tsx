import { useGet } from "@/api/hooks";
import { strings } from "@/strings";
import { useNow } from "@/ui";
import { allowedIn, busiest, minutesOf, type RateLimit } from "./limits";
import { Meter } from "./Meter";
import { steadyStartOf } from "./range";
import { number, usageOf } from "./series";

const words = strings.usage;
/** Which surfaces count against one limit of the plan. */
const SURFACES = { resource: ["resource", "verify"], management: ["management", null] } as const;
const EVERY_MINUTE = { refetchInterval: 60_000, keepPrevious: true };

interface PlanMeterProps {
  traffic: keyof typeof SURFACES;
  rate: RateLimit;
}

/** How near the organization came to its plan's limit. */
export function PlanMeter({ traffic, rate }: PlanMeterProps) {
  const [first, second] = SURFACES[traffic];
  const from = steadyStartOf("1h", "minute", useNow(60_000));
  const query = (surface: string | null) => ({
    params: { query: { from, interval: "minute", ...(surface ? { surface } : {}) } },
  });
  const one = useGet("/v1/management/usage", query(first), EVERY_MINUTE);
  const other = useGet("/v1/management/usage", query(second), { ...EVERY_MINUTE, enabled: second !== null });
  const more = new Map(
    (second ? (usageOf(other.data)?.data ?? []) : []).map(({ start, accepted }) => [start, accepted]),
  );
  const counts = (usageOf(one.data)?.data ?? []).map(({ start, accepted }) => accepted + (more.get(start) ?? 0));
  const minutes = minutesOf(rate);
  return (
    <Meter
      name={words.plan[traffic]}
      label={words.rate(number.format(rate.requests), rate.per_seconds)}
      hint={words.busiest(minutes)}
      used={busiest(counts.slice(-60), minutes)}
      limit={allowedIn(rate)}
      isPending={one.isPending || (second !== null && other.isPending)}
      error={one.error ?? (second ? other.error : null)}
      refetch={() => {
        one.refetch();
        if (second) other.refetch();
      }}
    />
  );
}
