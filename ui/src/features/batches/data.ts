// One's own batches over the same URLs that programs use, in both formats as one kind of thing.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import * as z from 'zod/mini';
import { useApi, type Api } from '../../lib/api.ts';

const PLAIN = '/v1/batches';
const MESSAGES = '/v1/messages/batches';

const booksSchema = z.object({
  cost_usd: z.number(),
  free: z.number(),
  paid: z.number(),
  waiting: z.nullable(z.object({ until: z.string(), why: z.string() })),
});
const problemSchema = z.object({ message: z.string(), line: z.nullable(z.number()) });

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
  freeway: booksSchema,
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
  readonly free: number;
  readonly paid: number;
  readonly waiting: { readonly untilMs: number; readonly why: string } | null;
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

const toBooks = ({ cost_usd, free, paid, waiting }: z.infer<typeof booksSchema>) => ({
  costUsd: cost_usd,
  free,
  paid,
  waiting: waiting === null ? null : { untilMs: Date.parse(waiting.until), why: waiting.why },
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
    title: '/v1/messages',
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

const BATCHES = ['batches'];
/** As many as are asked for at once in each format. */
const MOST = 100;
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

interface Listed {
  readonly batches: readonly Batch[];
  /** There are older ones too. */
  readonly hasMore: boolean;
}

async function readAll(api: Api, signal: AbortSignal): Promise<Listed> {
  const query = `?limit=${MOST}`;
  const [plain, messages] = await Promise.all([
    api.call({ path: `${PLAIN}${query}`, schema: toListSchema(batchSchema), signal }),
    api.call({ path: `${MESSAGES}${query}`, schema: toListSchema(messageBatchSchema), signal }),
  ]);
  const batches = [...plain.data.map(toBatch), ...messages.data.map(toMessageBatch)];
  return {
    batches: batches.toSorted((a, b) => b.createdAtMs - a.createdAtMs),
    hasMore: plain.has_more || messages.has_more,
  };
}

const readOne = async (api: Api, path: string, signal: AbortSignal): Promise<Batch> =>
  path.startsWith(MESSAGES)
    ? toMessageBatch(await api.call({ path, schema: messageBatchSchema, signal }))
    : toBatch(await api.call({ path, schema: batchSchema, signal }));

/** All of them, newest first. */
export function useBatches() {
  const api = useApi();
  return useQuery({ queryKey: BATCHES, queryFn: ({ signal }) => readAll(api, signal) });
}

/** How one of so many open ones stands by now, asked again and again while anything can happen to it. */
export function useStanding(listed: Batch, open: number): Batch {
  const api = useApi();
  const { data } = useQuery({
    queryKey: [...BATCHES, listed.id],
    queryFn: ({ signal }) => readOne(api, listed.path, signal),
    enabled: isOpen(listed),
    refetchInterval: ({ state: { data: now, error } }) =>
      now !== undefined && !isOpen(now) ? false : error === null ? toPauseMs(open) : AFTER_FAULT_MS,
  });
  return isOpen(listed) ? (data ?? listed) : listed;
}

/** Has nothing further of it asked. */
export function useCancel(): (batch: Batch) => Promise<unknown> {
  const api = useApi();
  const client = useQueryClient();
  const { mutateAsync } = useMutation({
    mutationFn: ({ path }: Batch) => api.call({ path: `${path}/cancel`, method: 'POST', schema: z.unknown() }),
    onSettled: () => client.invalidateQueries({ queryKey: BATCHES }),
  });
  return mutateAsync;
}
