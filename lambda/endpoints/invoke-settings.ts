// Finds what a direct invoke's `endpoint` or `agent` stands for, and lays its parameters under and over the payload.
import { CallerError } from '#shared/failures.ts';
import type { EndpointConfiguration, InvokeSettings, ProviderConfig } from '#shared/invoke.ts';

/** What a payload asks for by name. */
export interface Named {
  readonly endpoint?: string | undefined;
  readonly agent?: string | undefined;
  readonly environment?: string | undefined;
  readonly caller?: string | undefined;
}

export interface Resolved {
  /** Fields laid under the payload's own. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Fields laid over the payload's own. */
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly providerConfig: ProviderConfig | null;
}

const nothing: Resolved = { parameters: {}, overrides: {}, providerConfig: null };

/** Entries of the environment asked for; only when it has none, those for every environment. */
function inEnvironment<T extends { environment: string; enabled: boolean }>(
  all: readonly T[],
  environment: string | undefined,
): T[] {
  const enabled = all.filter((one) => one.enabled);
  const own = enabled.filter((one) => one.environment === environment);
  return own.length > 0 ? own : enabled.filter((one) => one.environment === '*');
}

function toEndpointName(named: Named, { assignments }: InvokeSettings): string | null {
  if (named.endpoint !== undefined) return named.endpoint;
  if (named.agent === undefined) return null;
  const assigned = inEnvironment(
    assignments.filter(({ agent }) => agent === named.agent),
    named.environment,
  )[0];
  if (assigned) return assigned.endpoint;
  throw new CallerError(
    'not_found',
    `No endpoint is assigned to the agent "${named.agent}"${named.environment === undefined ? '' : ` in ${named.environment}`}. Assign one in the settings, or name a model.`,
    { param: 'agent' },
  );
}

function checkCaller({ allowedCallers, name }: EndpointConfiguration, caller: string | undefined): void {
  if (allowedCallers.length === 0 || (caller !== undefined && allowedCallers.includes(caller))) return;
  throw new CallerError(
    'forbidden',
    `The endpoint "${name}" is not open to ${caller === undefined ? 'callers without a name (send "caller")' : `"${caller}"`}.`,
    { param: 'endpoint' },
  );
}

/** Throws CallerError: `not_found` for unknown names, `forbidden` for callers an endpoint is not open to. */
export function resolveNamed(named: Named, settings: InvokeSettings): Resolved {
  const name = toEndpointName(named, settings);
  if (name === null) return nothing;
  const found = inEnvironment(
    settings.endpoints.filter((endpoint) => endpoint.name === name),
    named.environment,
  ).toSorted((a, b) => a.priority - b.priority);
  const first = found[0];
  if (!first) {
    const known = [...new Set(settings.endpoints.map((endpoint) => endpoint.name))].slice(0, 10);
    const hint = known.length === 0 ? 'None is configured.' : `Known: ${known.join(', ')}.`;
    throw new CallerError('not_found', `There is no endpoint "${name}". ${hint}`, { param: 'endpoint' });
  }
  checkCaller(first, named.caller);
  const models = [...new Set(found.map(({ model }) => model))];
  return {
    parameters: { model: first.model, ...(models.length > 1 ? { models } : {}), ...first.parameters },
    overrides: first.overrides,
    providerConfig: first.providerConfig ?? null,
  };
}
