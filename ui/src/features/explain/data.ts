// What would happen to a request, asked of the decision itself; nobody is called.
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import * as z from 'zod/mini';
import { limitPoolSchema } from '#shared/api/limits.ts';
import { useApi } from '../../lib/api.ts';

const tier = z.enum(['free', 'paid', 'local']);

const candidateSchema = z.object({
  route: z.string(),
  credential: z.string(),
  tier,
  eligible: z.boolean(),
  /** Place in the plan from 1; null when it is not in it. */
  position: z.nullable(z.number()),
  rejected: z.nullable(z.string()),
  missing: z.optional(z.array(z.string())),
  /** Parts by name, compared in this order, the smaller first; null when boundless. */
  score: z.record(z.string(), z.nullable(z.number())),
  resting_until: z.nullable(z.string()),
  shares_limits_with: z.array(z.string()),
  pools: z.array(limitPoolSchema),
});
export type CandidateView = z.infer<typeof candidateSchema>;

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
  plan: z.array(z.object({ route: z.string(), credential: z.string(), tier })),
  soonest: z.nullable(z.object({ route: z.string(), wait_ms: z.number() })),
  free_until: z.nullable(z.string()),
  candidates: z.array(candidateSchema),
});
export type Decision = z.infer<typeof decisionSchema>;

export const strategies = ['free-first', 'cost', 'latency', 'availability'] as const;

export interface Question {
  readonly text: string;
  readonly model: string;
  readonly strategy: (typeof strategies)[number];
  readonly onlyFree: boolean;
  readonly tools: boolean;
}

const anyTool = { type: 'function', function: { name: 'look_up', parameters: { type: 'object', properties: {} } } };

const toBody = ({ text, model, strategy, onlyFree, tools }: Question) => ({
  model,
  messages: [{ role: 'user', content: text }],
  freeway: { strategy, tier: onlyFree ? 'free' : 'any' },
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

/** The names a chat can ask for. */
export function useModelNames(): readonly string[] {
  const api = useApi();
  const { data } = useQuery({
    queryKey: ['explain', 'models'],
    queryFn: ({ signal }) => api.call({ path: '/v1/models', schema: modelsSchema, signal }),
  });
  const names = (data?.data ?? []).flatMap(({ id, freeway: { kind = 'chat' } }) => (kind === 'chat' ? [id] : []));
  return names.length === 0 ? ['auto'] : names;
}
