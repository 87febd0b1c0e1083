import { notifications } from "@mantine/notifications";
import {
  type QueryClient,
  type UseMutationResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useDeferredValue } from "react";
import { api, type DataOf, type InitOf, type PathOf } from "./client";
import { type ApiError, asApiError } from "./error";

type GetPath = PathOf<"get">;
type Load = (
  path: string,
  init: unknown,
  extra: { signal: AbortSignal },
) => Promise<{ data: unknown; etag: string | null }>;
const load = api.load as unknown as Load;

interface QueryOptions {
  enabled?: boolean;
  /** Milliseconds between refreshes while the page is looked at. */
  refetchInterval?: number | false;
  /** Keeps showing the former answer while another one loads, as for a chart whose range changes. */
  keepPrevious?: boolean;
}

/** What a component needs of a query. */
export interface Loaded<T> {
  data: T | undefined;
  /** The object's tag, for `api.patch(…, …, { ifMatch: etag })`. */
  etag: string | null;
  error: ApiError | null;
  isPending: boolean;
  isFetching: boolean;
  refetch: () => void;
}

/** Loads one object. `useGet("/v1/management/webhooks/{id}", { params: { path: { id } } })`. */
export function useGet<P extends GetPath>(
  path: P,
  init?: InitOf<P, "get">,
  options: QueryOptions = {},
): Loaded<DataOf<P, "get">> {
  const query = useQuery({
    queryKey: [path, init ?? {}],
    queryFn: ({ signal }) => load(path, init, { signal }),
    enabled: options.enabled ?? true,
    refetchInterval: options.refetchInterval ?? false,
    placeholderData: options.keepPrevious ? (former) => former : undefined,
  });
  return {
    data: query.data?.data as DataOf<P, "get"> | undefined,
    etag: query.data?.etag ?? null,
    error: query.error ? asApiError(query.error) : null,
    isPending: query.isPending && query.fetchStatus !== "idle",
    isFetching: query.isFetching,
    refetch: () => void query.refetch(),
  };
}

/** What `DataTable` shows. */
export interface Rows<T> {
  rows: T[];
  error: ApiError | null;
  isPending: boolean;
  isFetching: boolean;
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => void;
  refetch: () => void;
  /** How many there are in all, where the server says so. */
  count: number | null;
}

type Item<T> = T extends { data: (infer Row)[] } ? Row : T extends { results: (infer Row)[] } ? Row : never;
interface AnyPage {
  data?: unknown[];
  next_cursor?: string | null;
  results?: unknown[];
  next?: string | null;
  count?: number | null;
}

/** A list's init with the place of a page in it. */
function at(init: unknown, place: string | number | null): unknown {
  if (place === null) return init;
  const known = (init ?? {}) as { params?: { query?: Record<string, unknown> } };
  const where = typeof place === "number" ? { offset: place } : { cursor: place };
  return { ...known, params: { ...known.params, query: { ...known.params?.query, ...where } } };
}

/** Loads a list page by page: those with cursors, and those of shipping with offsets. */
export function useList<P extends GetPath>(
  path: P,
  init?: InitOf<P, "get">,
  options: QueryOptions = {},
): Rows<Item<DataOf<P, "get">>> {
  const query = useInfiniteQuery({
    queryKey: [path, init ?? {}, "list"],
    queryFn: async ({ signal, pageParam }) => (await load(path, at(init, pageParam), { signal })).data as AnyPage,
    initialPageParam: null as string | number | null,
    getNextPageParam: (last, all) => {
      if (!last.results) return last.next_cursor ?? null;
      return last.next ? all.reduce((sum, page) => sum + (page.results?.length ?? 0), 0) : null;
    },
    enabled: options.enabled ?? true,
    refetchInterval: options.refetchInterval ?? false,
    placeholderData: options.keepPrevious ? (former) => former : undefined,
  });
  const isPending = query.isPending && query.fetchStatus !== "idle";
  // The first rendering of many rows is long work. Deferred, it is done in pieces, while what stands for them stays.
  const wasPending = useDeferredValue(isPending);
  const rows = (query.data?.pages ?? []).flatMap((page) => page.results ?? page.data ?? []);
  return {
    rows: rows as Item<DataOf<P, "get">>[],
    error: query.error ? asApiError(query.error) : null,
    isPending: isPending || (wasPending && !query.error),
    isFetching: query.isFetching,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
    refetch: () => void query.refetch(),
    count: query.data?.pages[0]?.count ?? null,
  };
}

/** Forgets what was loaded from these paths and everything below them, so that it is loaded anew. */
export function invalidate(client: QueryClient, paths: readonly string[]): Promise<void> {
  return client.invalidateQueries({
    predicate: ({ queryKey }) => paths.some((path) => String(queryKey[0]).startsWith(path)),
  });
}

interface ActionOptions<T, V> {
  /** Paths whose answers are out of date afterwards, with all below them. */
  invalidates?: readonly string[];
  /** What a notice says on success. */
  done?: string | ((data: T, variables: V) => string);
  onSuccess?: (data: T, variables: V) => void;
  /** Shows errors as a notice, for actions without a form or dialog that shows them. */
  notifyErrors?: boolean;
}

/** Something that changes something. `useAction((body: Body) => api.post("/api/api-keys", { body }), { invalidates: ["/api/api-keys"] })`. */
export function useAction<T, V = void>(
  act: (variables: V) => Promise<T>,
  options: ActionOptions<T, V> = {},
): UseMutationResult<T, ApiError, V> {
  const client = useQueryClient();
  return useMutation<T, ApiError, V>({
    mutationFn: act,
    onSuccess: async (data, variables) => {
      options.onSuccess?.(data, variables);
      const { done } = options;
      if (done) notifications.show({ message: typeof done === "string" ? done : done(data, variables) });
      await invalidate(client, options.invalidates ?? []);
    },
    onError: (error) => {
      if (options.notifyErrors) notifyError(error);
    },
  });
}

/** Shows an error where there is no better place for it. */
export function notifyError(error: unknown): void {
  const { message, requestId, details } = asApiError(error);
  const reasons = Object.entries(details).map(([path, reason]) => `${path}: ${reason}`);
  const text = [...reasons, requestId ? `Request ${requestId}` : null].filter(Boolean).join(" · ");
  notifications.show({ color: "red", title: message, message: text, autoClose: 10_000 });
}
