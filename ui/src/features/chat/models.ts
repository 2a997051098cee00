// The models a person can pick, as the server lists them.
import { queryOptions, useQuery } from '@tanstack/react-query';
import * as z from 'zod/mini';
import { useApi, type Api } from '../../lib/api.ts';

const modelSchema = z.object({
  id: z.string(),
  freeway: z.object({
    kind: z.optional(z.string()),
    tier: z.nullable(z.enum(['free', 'paid', 'local'])),
    context: z.nullable(z.number()),
    capabilities: z.array(z.string()),
    providers: z.array(z.string()),
    credentials: z.number(),
  }),
});
export type Model = z.infer<typeof modelSchema>;

const listSchema = z.object({ data: z.array(modelSchema) });

/** Every model there is, of every kind. */
export const modelsQuery = (api: Api) =>
  queryOptions({
    queryKey: ['models'],
    queryFn: ({ signal }) => api.call({ path: '/v1/models', schema: listSchema, signal }),
  });

/** All models that answer chats; undefined until they have come. */
export function useModels(): { readonly models: readonly Model[] | undefined; readonly error: Error | null } {
  const api = useApi();
  const { data, error } = useQuery({
    ...modelsQuery(api),
    select: ({ data }) => data.filter(({ freeway }) => freeway.kind === undefined || freeway.kind === 'chat'),
  });
  return { models: data, error };
}
