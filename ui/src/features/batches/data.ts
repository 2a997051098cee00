// One's own batches over the same URLs that programs use, in both formats as one kind of thing.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import * as z from 'zod/mini';
import { useApi, type Api, type ApiRequest } from '../../lib/api.ts';

const PLAIN = '/v1/batches';
const MESSAGES = '/v1/messages/batches';

const booksSchema = z.object({
  cost_usd: z.number(),
  cost_estimated: z.optional(z.boolean()),
  free: z.number(),
  paid: z.number(),
  waiting: z.nullable(z.object({ until: z.string(), why: z.string(), code: z.nullable(z.string()) })),
});
const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  param: z.optional(z.nullable(z.string())),
  line: z.nullable(z.number()),
});
export type Problem = z.infer<typeof problemSchema>;

const batchSchema = z.object({
  id: z.string(),
  endpoint: z.string(),
  model: z.optional(z.string()),
  status: z.string(),
  errors: z.nullable(z.object({ data: z.array(problemSchema) })),
  output_file_id: z.optional(z.string()),
  error_file_id: z.optional(z.string()),
  created_at: z.number(),
  expires_at: z.number(),
  request_counts: z.object({ total: z.number(), completed: z.number(), failed: z.number() }),
  metadata: z.nullable(z.object({ description: z.optional(z.string()), name: z.optional(z.string()) })),
  freeway: booksSchema,
});

const messageBatchSchema = z.object({
  id: z.string(),
  processing_status: z.string(),
  request_counts: z.object({
    processing: z.number(),
    succeeded: z.number(),
    errored: z.number(),
    canceled: z.number(),
    expired: z.number(),
  }),
  created_at: z.string(),
  expires_at: z.string(),
  results_url: z.nullable(z.string()),
  freeway: z.extend(booksSchema, { model: z.nullable(z.string()) }),
});

export type Standing = 'checking' | 'open' | 'done' | 'failed' | 'late' | 'cancelling' | 'cancelled';

/** A file with results: where it lies, and what it is called once it is saved. */
export interface ResultFile {
  readonly kind: 'answers' | 'errors' | 'results';
  readonly href: string;
  readonly name: string;
}

export interface Batch {
  readonly id: string;
  /** Where it is asked for. */
  readonly path: string;
  readonly title: string;
  readonly standing: Standing;
  /** Requests; of them, those that came to an end, and those of these that nobody answered. */
  readonly total: number;
  readonly ended: number;
  readonly failed: number;
  readonly createdAtMs: number;
  /** What is not answered by then stays unanswered. */
  readonly endsAtMs: number;
  readonly costUsd: number;
  /** Somebody who was paid did not tell what was used. */
  readonly isCostUnsure: boolean;
  readonly free: number;
  readonly paid: number;
  /** `why` as the server says it, with the code of that error. */
  readonly waiting: { readonly untilMs: number; readonly why: string; readonly code: string | null } | null;
  readonly problems: readonly z.infer<typeof problemSchema>[];
  readonly files: readonly ResultFile[];
}

/** Whether anything can still happen to it. */
export const isOpen = ({ standing }: Pick<Batch, 'standing'>): boolean =>
  standing === 'checking' || standing === 'open' || standing === 'cancelling';

const standings: Readonly<Record<string, Standing>> = {
  validating: 'checking',
  in_progress: 'open',
  finalizing: 'open',
  completed: 'done',
  failed: 'failed',
  expired: 'late',
  cancelling: 'cancelling',
  cancelled: 'cancelled',
};

const toBooks = ({ cost_usd, cost_estimated, free, paid, waiting }: z.infer<typeof booksSchema>) => ({
  costUsd: cost_usd,
  isCostUnsure: cost_estimated === true,
  free,
  paid,
  waiting: waiting === null ? null : { untilMs: Date.parse(waiting.until), why: waiting.why, code: waiting.code },
});

const toFile = (kind: ResultFile['kind'], id: string | undefined): ResultFile[] =>
  id === undefined ? [] : [{ kind, href: `/v1/files/${id}/content`, name: `${id}.jsonl` }];

/** A batch in OpenAI's format. */
export function toBatch(view: z.infer<typeof batchSchema>): Batch {
  const { id, metadata, request_counts: counts } = view;
  return {
    id,
    path: `${PLAIN}/${id}`,
    // A program may send an empty description.
    title: [metadata?.description, metadata?.name, view.model].find((name) => name?.trim()) ?? view.endpoint,
    standing: standings[view.status] ?? 'open',
    total: counts.total,
    ended: counts.completed + counts.failed,
    failed: counts.failed,
    createdAtMs: view.created_at * 1_000,
    endsAtMs: view.expires_at * 1_000,
    ...toBooks(view.freeway),
    problems: view.errors?.data ?? [],
    files: [...toFile('answers', view.output_file_id), ...toFile('errors', view.error_file_id)],
  };
}

/** A batch in Anthropic's format, whose ending is told by its counts alone. */
export function toMessageBatch(view: z.infer<typeof messageBatchSchema>): Batch {
  const { id, processing_status: status, request_counts: counts, results_url: results } = view;
  const { succeeded, errored, canceled, expired } = counts;
  const ending = canceled > 0 ? 'cancelled' : expired > 0 ? 'late' : 'done';
  return {
    id,
    path: `${MESSAGES}/${id}`,
    title: view.freeway.model ?? '/v1/messages',
    standing: status === 'ended' ? ending : status === 'canceling' ? 'cancelling' : 'open',
    total: succeeded + errored + canceled + expired + counts.processing,
    ended: succeeded + errored + expired,
    failed: errored + expired,
    createdAtMs: Date.parse(view.created_at),
    endsAtMs: Date.parse(view.expires_at),
    ...toBooks(view.freeway),
    problems: [],
    files: results === null ? [] : [{ kind: 'results', href: results, name: `${id}.jsonl` }],
  };
}

const LIST = ['batches', 'list'];
const toKey = (id: string): readonly string[] => ['batches', 'one', id];
/** As many as are asked for at once in each format. */
const PAGE = 50;
/** How often it is looked for new ones, for each page that is shown, ms. */
const LIST_EVERY_MS = 10_000;
/** How long after an answer it is asked anew how an open batch stands, ms. On Lambda it is the asking that makes it go on. */
const EVERY_MS = 3_000;
/** However many are open, together they are asked for no more often than this, ms. */
const APART_MS = 1_000;
/** And after an answer that could not be had, such as of a session that has ended, ms. */
const AFTER_FAULT_MS = 60_000;

/** How long each of so many open batches is left alone between two questions, ms. */
export const toPauseMs = (open: number): number => Math.max(EVERY_MS, open * APART_MS);

/** A list of either format. Where they lie says how they are read. */
const toListSchema = <T extends z.ZodMiniType>(item: T) => z.object({ data: z.array(item), has_more: z.boolean() });

/** From where on each format is listed: after a batch of this id, from the newest on (empty), or no further (null). */
interface Place {
  readonly plain: string | null;
  readonly messages: string | null;
}

/** A piece of a list: its batches, newest first, and whether there are older ones. */
interface Piece {
  readonly batches: readonly Batch[];
  readonly hasMore: boolean;
}

/** Pieces of both lists. */
export interface Page {
  readonly batches: readonly Batch[];
  /** Where the next page begins; null: this is the last. */
  readonly next: Place | null;
  /** Down to this moment nothing of either format is missing, ms since the epoch. */
  readonly reachMs: number;
}

const endOf = ({ batches, hasMore }: Piece): string | null => (hasMore ? (batches.at(-1)?.id ?? null) : null);
const reachOf = ({ batches, hasMore }: Piece): number => (hasMore ? (batches.at(-1)?.createdAtMs ?? 0) : 0);

/** A page of both lists together. */
export function toPage(plain: Piece, messages: Piece): Page {
  const next = { plain: endOf(plain), messages: endOf(messages) };
  return {
    batches: [...plain.batches, ...messages.batches],
    next: next.plain === null && next.messages === null ? null : next,
    reachMs: Math.max(reachOf(plain), reachOf(messages)),
  };
}

/** What is shown of the pages read so far, newest first: what lies below a gap of the other list waits for the page that fills it. */
export function joinPages(pages: readonly Page[]): readonly Batch[] {
  const reachMs = pages.at(-1)?.reachMs ?? 0;
  return pages
    .flatMap(({ batches }) => batches)
    .filter(({ createdAtMs }) => createdAtMs >= reachMs)
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs);
}

const nothing: Piece = { batches: [], hasMore: false };

async function readPage(api: Api, place: Place, signal: AbortSignal): Promise<Page> {
  const ask = async <T>(
    { path, after, toOne }: { path: string; after: string | null; toOne: (view: T) => Batch },
    schema: z.ZodMiniType<T>,
  ): Promise<Piece> => {
    if (after === null) return nothing;
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (after !== '') query.set(path === PLAIN ? 'after' : 'after_id', after);
    const { data, has_more: hasMore } = await api.call({
      path: `${path}?${query.toString()}`,
      schema: toListSchema(schema),
      signal,
    });
    return { batches: data.map(toOne), hasMore };
  };
  const [plain, messages] = await Promise.all([
    ask({ path: PLAIN, after: place.plain, toOne: toBatch }, batchSchema),
    ask({ path: MESSAGES, after: place.messages, toOne: toMessageBatch }, messageBatchSchema),
  ]);
  return toPage(plain, messages);
}

const isMessages = (path: string): boolean => path.startsWith(MESSAGES);

/** One batch, as the reply to a request about it tells it. */
const callOne = async (api: Api, request: ApiRequest): Promise<Batch> =>
  isMessages(request.path)
    ? toMessageBatch(await api.call({ ...request, schema: messageBatchSchema }))
    : toBatch(await api.call({ ...request, schema: batchSchema }));

/** All of them, newest first, a page at a time; new ones come by themselves, and at once when somebody comes back to the page. */
export function useBatches() {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: LIST,
    initialPageParam: { plain: '', messages: '' } as Place,
    queryFn: ({ pageParam, signal }) => readPage(api, pageParam, signal),
    getNextPageParam: ({ next }) => next,
    refetchInterval: ({ state: { data, error } }) =>
      error === null ? LIST_EVERY_MS * (data?.pages.length ?? 1) : AFTER_FAULT_MS,
    refetchOnWindowFocus: 'always',
  });
}

/** How one of so many open ones stands by now, asked again and again while anything can happen to it. */
export function useStanding(listed: Batch, open: number): Batch {
  const api = useApi();
  const { data } = useQuery({
    queryKey: toKey(listed.id),
    queryFn: ({ signal }) => callOne(api, { path: listed.path, signal }),
    enabled: isOpen(listed),
    refetchInterval: ({ state: { data: now, error } }) =>
      now !== undefined && !isOpen(now) ? false : error === null ? toPauseMs(open) : AFTER_FAULT_MS,
  });
  return isOpen(listed) ? (data ?? listed) : listed;
}

/** Has nothing further of it asked; the reply tells how it stands then. */
export function useCancel(): (batch: Batch) => Promise<unknown> {
  const api = useApi();
  const client = useQueryClient();
  const { mutateAsync } = useMutation({
    mutationFn: ({ path }: Batch) => callOne(api, { path: `${path}/cancel`, method: 'POST' }),
    onSuccess: (batch) => client.setQueryData(toKey(batch.id), batch),
    onError: (_, { id }) => client.invalidateQueries({ queryKey: toKey(id) }),
  });
  return mutateAsync;
}
