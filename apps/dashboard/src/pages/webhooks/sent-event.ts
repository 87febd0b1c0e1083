import { useQuery } from "@tanstack/react-query";
import { api, type Schema } from "@/api/client";
import { type ApiError, asApiError } from "@/api/error";

type Event = Schema<"EventView">;

/** Pages of a hundred that are read to find an event before it counts as not there. */
const MOST_PAGES = 20;

/** Finds the event that a delivery carried: events are listed by type, newest first. Tests are in no list. */
async function find({ event_id, event_type, created_at }: Schema<"DeliveryView">, signal: AbortSignal) {
  // An event is made in the same moment as its deliveries, or before them.
  const oldest = new Date(created_at).getTime() - 86_400_000;
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query: { type: string; limit: number; cursor?: string } = { type: event_type, limit: 100 };
    if (cursor) query.cursor = cursor;
    const answer: { data: Event[]; next_cursor?: string | null } = await api.get(
      "/v1/management/events",
      { params: { query } },
      { signal },
    );
    const found = answer.data.find(({ id }) => id === event_id);
    if (found) return found;
    const last = answer.data.at(-1);
    cursor = answer.next_cursor ?? null;
    if (!cursor || !last || new Date(last.timestamp).getTime() < oldest) return null;
  }
  return null;
}

interface SentEvent {
  /** `null` when it is not kept. */
  data: Event | null | undefined;
  error: ApiError | null;
  isPending: boolean;
  refetch: () => void;
}

/** The event that a delivery carries, as it is kept. */
export function useSentEvent(delivery: Schema<"DeliveryView">): SentEvent {
  const query = useQuery({
    queryKey: ["sent-event", delivery.event_id],
    queryFn: ({ signal }) => find(delivery, signal),
    // Events never change.
    staleTime: Number.POSITIVE_INFINITY,
  });
  return {
    data: query.data,
    error: query.error ? asApiError(query.error) : null,
    isPending: query.isPending,
    refetch: () => void query.refetch(),
  };
}
