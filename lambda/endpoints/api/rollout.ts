// /api/rollout: flags that are on for a part of all subjects, and experiments that send a part of all requests another way.
import {
  experimentReportSchema,
  flagQuerySchema,
  flagStateSchema,
  reportQuerySchema,
  rolloutSchema,
} from '#shared/api/rollout.ts';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import { sumExperiment } from '#shared/experiment-sums.ts';
import { isOn } from '#shared/rollout.ts';
import { newExperimentSchema, newFlagSchema, type Experiment } from '#shared/rollout-schemas.ts';
import { readControls } from '../../gateway/asked-controls.ts';
import { toSelector } from '../ask.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { missing, toRoute, toTeller, type ApiDeps, type ApiReply, type ApiRoute } from './route.ts';

const DAY_MS = 86_400_000;
const toDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function toFlagRoutes(deps: ApiDeps): readonly ApiRoute[] {
  const { rollout } = deps;
  const tell = toTeller(deps, () => rollout.read());
  return [
    toRoute({
      method: 'GET',
      path: '/api/rollout',
      summary: 'Flags and experiments.',
      access: ['change', 'settings'],
      reply: rolloutSchema,
      handle: async () => ({ json: await rollout.read() }),
    }),
    toRoute({
      method: 'PUT',
      path: '/api/rollout/flags',
      summary: 'Set a flag; one of the same name is replaced.',
      access: ['change', 'settings'],
      body: newFlagSchema,
      reply: rolloutSchema,
      handle: async ({ visit, body }) => {
        await rollout.writeFlag(body);
        const part = body.enabled ? `on for ${body.percent} % and ${body.always.length} by name` : 'off';
        return tell(visit, { target: body.name, detail: `flag set, ${part}` });
      },
    }),
    toRoute({
      method: 'GET',
      path: '/api/rollout/flags/:name',
      summary: 'Whether a flag is on for a subject; unknown flags are off.',
      access: ['use', 'inference'],
      query: flagQuerySchema,
      reply: flagStateSchema,
      handle: async ({ visit, params, query }) => {
        const { id, key } = principalOf(visit);
        const name = params['name'] ?? '';
        const subject = query.subject ?? key?.id ?? id;
        const flag = (await rollout.read()).flags.find((one) => one.name === name);
        return { json: { name, subject, on: flag !== undefined && isOn(flag, subject) } };
      },
    }),
    toRoute({
      method: 'DELETE',
      path: '/api/rollout/flags/:name',
      summary: 'Remove a flag, which turns it off.',
      access: ['change', 'settings'],
      reply: rolloutSchema,
      handle: async ({ visit, params }) => {
        const name = params['name'] ?? '';
        await rollout.removeFlag(name);
        return tell(visit, { target: name, detail: 'flag removed' });
      },
    }),
  ];
}

/** Throws CallerError for a variant that would fail for everybody: a model nobody serves, or a control that does not exist. */
async function checkVariant(deps: ApiDeps, visit: Visit, { variant: { model, freeway } }: Experiment): Promise<void> {
  if (freeway !== undefined) readControls(freeway, {});
  if (model === undefined) return;
  const { fleet } = await deps.current(principalOf(visit));
  await toSelector({ model, models: [] }, fleet, deps.modelAliases);
}

async function report(deps: ApiDeps, name: string, days: number): Promise<ApiReply> {
  const experiment = (await deps.rollout.read()).experiments.find((one) => one.name === name);
  if (experiment === undefined) throw missing('experiment');
  const nowMs = deps.clock.now();
  const all = Array.from({ length: days }, (_, back) => toDay(nowMs - back * DAY_MS));
  const records = [];
  for (const day of all) {
    // Day by day, so that only what belongs to it is in memory at once.
    const found = await deps.usage.readDay(day);
    records.push(...found.filter((record) => record.experiment === name));
  }
  return { json: { experiment, from: all.at(-1), to: all[0], arms: sumExperiment(name, records) } };
}

function toExperimentRoutes(deps: ApiDeps): readonly ApiRoute[] {
  const { rollout } = deps;
  const tell = toTeller(deps, () => rollout.read());
  return [
    toRoute({
      method: 'PUT',
      path: '/api/rollout/experiments',
      summary: 'Set an experiment; one of the same name is replaced.',
      access: ['change', 'settings'],
      body: newExperimentSchema,
      reply: rolloutSchema,
      handle: async ({ visit, body }) => {
        await checkVariant(deps, visit, body);
        const others = (await rollout.read()).experiments.filter(({ name }) => name !== body.name);
        if (others.length >= 20)
          throw new CallerError('invalid_request', 'There are 20 experiments already; remove one that is over.', {
            reason: refused('too_many_experiments', { max: 20 }),
          });
        await rollout.writeExperiment(body);
        const state = body.enabled ? `${body.kind} of ${body.percent} %` : 'off';
        return tell(visit, { target: body.name, detail: `experiment set, ${state}` });
      },
    }),
    toRoute({
      method: 'GET',
      path: '/api/rollout/experiments/:name',
      summary: 'Compares the sides of an experiment over the last days.',
      access: ['change', 'settings'],
      query: reportQuerySchema,
      reply: experimentReportSchema,
      handle: ({ params, query }) => report(deps, params['name'] ?? '', query.days),
    }),
    toRoute({
      method: 'DELETE',
      path: '/api/rollout/experiments/:name',
      summary: 'Remove an experiment; what is written down of it stays in the usage records.',
      access: ['change', 'settings'],
      reply: rolloutSchema,
      handle: async ({ visit, params }) => {
        const name = params['name'] ?? '';
        await rollout.removeExperiment(name);
        return tell(visit, { target: name, detail: 'experiment removed' });
      },
    }),
  ];
}

/** The routes over their services. */
export const toRolloutRoutes = (deps: ApiDeps): readonly ApiRoute[] => [
  ...toFlagRoutes(deps),
  ...toExperimentRoutes(deps),
];
