import { useInfiniteQuery } from "@tanstack/react-query";
import { api, type Schema } from "@/api/client";
import { asApiError } from "@/api/error";
import type { Rows } from "@/api/hooks";

type SendOut = Schema<"SendOutView">;

const LIST = "/management/v1/projects/{projectId}/webhooks/{webhookId}/send-outs";
const PAGE = 25;

/** What was sent to a webhook, page by page: the next one begins after the last id of the one before. */
export function useSendOuts(projectId: string, webhookId: string, status: string): Rows<SendOut> {
  const path = { projectId, webhookId };
  const query = useInfiniteQuery({
    queryKey: [LIST, path, status],
    queryFn: async ({ signal, pageParam }) => {
      const filter = {
        limit: PAGE,
        ...(status ? { status } : {}),
        ...(pageParam ? { starting_after_id: pageParam } : {}),
      };
      return (await api.load(LIST, { params: { path, query: filter } }, { signal })).data.data as SendOut[];
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.length < PAGE ? null : (last.at(-1)?.id ?? null)),
    refetchInterval: 10_000,
    placeholderData: (former) => former,
  });
  return {
    rows: (query.data?.pages ?? []).flat(),
    error: query.error ? asApiError(query.error) : null,
    isPending: query.isPending,
    isFetching: query.isFetching,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
    refetch: () => void query.refetch(),
    count: null,
  };
}
