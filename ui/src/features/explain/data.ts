// What would happen to a request, asked of the decision itself; nobody is called.
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import * as z from 'zod/mini';
import type { Strategy } from '#shared/policy.ts';
import { useApi } from '../../lib/api.ts';
import { candidateSchema, tierSchema } from '../../lib/candidates.ts';

const decisionSchema = z.object({
  classification: z.nullable(
    z.object({
      task: z.string(),
      size: z.string(),
      signals: z.array(z.object({ name: z.string(), weight: z.number() })),
    }),
  ),
  estimate: z.object({ input_tokens: z.number(), output_tokens: z.number() }),
  needs: z.array(z.string()),
  plan: z.array(z.object({ route: z.string(), credential: z.string(), tier: tierSchema })),
  soonest: z.nullable(z.object({ route: z.string(), wait_ms: z.number() })),
  free_until: z.nullable(z.string()),
  candidates: z.array(candidateSchema),
});
export type Decision = z.infer<typeof decisionSchema>;

/** How long the request is taken to be: as it is written, or with this many tokens before it. */
export const lengths = [0, 8_000, 30_000, 120_000] as const;

export interface Question {
  readonly text: string;
  readonly model: string;
  readonly strategy: Strategy;
  /** A provider that is taken to be down; empty: none. */
  readonly without: string;
  /** One of `lengths`, as a form holds it. */
  readonly extra: string;
  readonly onlyFree: boolean;
  readonly noTraining: boolean;
  readonly tools: boolean;
}

const anyTool = { type: 'function', function: { name: 'look_up', parameters: { type: 'object', properties: {} } } };

/** Words that say nothing, about one token each. */
const filler = (tokens: number): string => 'and so on '.repeat(Math.ceil(tokens / 3));

const toBody = ({ text, model, strategy, without, extra, onlyFree, noTraining, tools }: Question) => ({
  model,
  messages: [
    ...(Number(extra) > 0 ? [{ role: 'system', content: filler(Number(extra)) }] : []),
    { role: 'user', content: text },
  ],
  freeway: {
    strategy,
    tier: onlyFree ? 'free' : 'any',
    ...(noTraining ? { privacy: 'no_training' } : {}),
    ...(without === '' ? {} : { providers: { ignore: [without] } }),
  },
  ...(tools ? { tools: [anyTool] } : {}),
});

/** The decision about a question; nothing is asked while there is none. */
export function useDecision(question: Question | null): UseQueryResult<Decision> {
  const api = useApi();
  return useQuery({
    queryKey: ['explain', question],
    queryFn: ({ signal }) =>
      api.call({
        path: '/v1/explain',
        body: question === null ? {} : toBody(question),
        schema: decisionSchema,
        signal,
      }),
    enabled: question !== null,
    retry: false,
    gcTime: 0,
    placeholderData: keepPreviousData,
  });
}

const modelsSchema = z.object({
  data: z.array(z.object({ id: z.string(), freeway: z.object({ kind: z.optional(z.string()) }) })),
});

/** The names a chat can ask for, and the providers behind them. */
export function useModelNames(): { readonly models: readonly string[]; readonly providers: readonly string[] } {
  const api = useApi();
  const { data } = useQuery({
    queryKey: ['explain', 'models'],
    queryFn: ({ signal }) => api.call({ path: '/v1/models', schema: modelsSchema, signal }),
  });
  const names = (data?.data ?? []).flatMap(({ id, freeway: { kind = 'chat' } }) => (kind === 'chat' ? [id] : []));
  const providers = new Set(names.flatMap((name) => (name.includes('/') ? [name.slice(0, name.indexOf('/'))] : [])));
  return { models: names.length === 0 ? ['auto'] : names, providers: [...providers].toSorted() };
}
