// Experiments, flags, and what direct invokes call by name, over the server's API.
import { useMutation, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import * as z from 'zod/mini';
import { invokeSettingsSchema } from '#shared/api/invoke.ts';
import { experimentReportSchema, rolloutSchema, type ExperimentReport } from '#shared/api/rollout.ts';
import type {
  AgentAssignment,
  EndpointConfiguration,
  InvokeSettings,
  agentAssignmentSchema,
  endpointConfigurationSchema,
} from '#shared/invoke.ts';
import type { Rollout } from '#shared/rollout.ts';
import type { experimentSchema, flagSchema } from '#shared/rollout-schemas.ts';
import { useApi } from '../../lib/api.ts';

const ROLLOUT = ['rollout'];
const INVOKE = ['invoke'];
const anything = z.unknown();

/** What is rolled out. */
export function useRollout(): UseQueryResult<Rollout> {
  const api = useApi();
  return useQuery({
    queryKey: ROLLOUT,
    queryFn: ({ signal }) => api.call({ path: '/api/rollout', schema: rolloutSchema, signal }),
  });
}

/** Endpoints and agents by name. */
export function useInvokeSettings(): UseQueryResult<InvokeSettings> {
  const api = useApi();
  return useQuery({
    queryKey: INVOKE,
    queryFn: ({ signal }) => api.call({ path: '/api/invoke', schema: invokeSettingsSchema, signal }),
  });
}

/** Both sides of an experiment over the last week. */
export function useReport(name: string): UseQueryResult<ExperimentReport> {
  const api = useApi();
  return useQuery({
    queryKey: [...ROLLOUT, 'report', name],
    queryFn: ({ signal }) =>
      api.call({
        path: `/api/rollout/experiments/${encodeURIComponent(name)}?days=7`,
        schema: experimentReportSchema,
        signal,
      }),
  });
}

type Call = () => Promise<unknown>;

export interface RolloutActions {
  readonly setExperiment: (experiment: z.input<typeof experimentSchema>) => Promise<unknown>;
  readonly removeExperiment: (name: string) => Promise<unknown>;
  readonly setFlag: (flag: z.input<typeof flagSchema>) => Promise<unknown>;
  readonly removeFlag: (name: string) => Promise<unknown>;
  readonly setEndpoint: (endpoint: z.input<typeof endpointConfigurationSchema>) => Promise<unknown>;
  readonly removeEndpoint: (endpoint: EndpointConfiguration) => Promise<unknown>;
  readonly setAgent: (agent: z.input<typeof agentAssignmentSchema>) => Promise<unknown>;
  readonly removeAgent: (agent: AgentAssignment) => Promise<unknown>;
}

/** What can be done about them. Rejects with ApiError. */
export function useRolloutActions(): RolloutActions {
  const api = useApi();
  const client = useQueryClient();
  const { mutateAsync } = useMutation({
    mutationFn: (run: Call) => run(),
    onSettled: () =>
      Promise.all([client.invalidateQueries({ queryKey: ROLLOUT }), client.invalidateQueries({ queryKey: INVOKE })]),
  });
  const put = (path: string, body: unknown): Promise<unknown> =>
    mutateAsync(() => api.call({ path, method: 'PUT', body, schema: anything }));
  const remove = (path: string): Promise<unknown> =>
    mutateAsync(() => api.call({ path, method: 'DELETE', schema: anything }));
  const query = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
  return {
    setExperiment: (experiment) => put('/api/rollout/experiments', experiment),
    removeExperiment: (name) => remove(`/api/rollout/experiments/${encodeURIComponent(name)}`),
    setFlag: (flag) => put('/api/rollout/flags', flag),
    removeFlag: (name) => remove(`/api/rollout/flags/${encodeURIComponent(name)}`),
    setEndpoint: (endpoint) => put('/api/invoke/endpoints', endpoint),
    removeEndpoint: ({ name, environment, model }) =>
      remove(`/api/invoke/endpoints?${query({ name, environment, model })}`),
    setAgent: (agent) => put('/api/invoke/assignments', agent),
    removeAgent: ({ agent, environment }) => remove(`/api/invoke/assignments?${query({ agent, environment })}`),
  };
}
