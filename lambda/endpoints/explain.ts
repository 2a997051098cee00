// POST /v1/explain: the decision for a request, with every candidate's score parts or the reason against it. Calls nobody.
import { CallerError } from '#shared/failures.ts';
import type { DecideInput } from '../routing/decide.ts';
import { errands } from '../gateway/errands.ts';
import { toRecord } from '../wire/json.ts';
import { toChatAsked } from './ask.ts';
import { tellDecision } from './decision-view.ts';
import { replyError, replyJson, type Endpoint, type EndpointDeps, type JsonBody, type Visit } from './endpoint.ts';
import { toFirstBatch } from './embed-batches.ts';
import { toSoundAsked, type Considered } from './explain-sound.ts';
import { toPlainAsked } from './plain.ts';
import { readJsonBody } from './read-body.ts';

/** The operation of the body's `kind`; what it would say or show need not be given. */
async function toAsked(deps: EndpointDeps, visit: Visit, body: JsonBody): Promise<Considered> {
  const { kind = 'chat', ...rest } = toRecord(body.json);
  if (kind === 'chat') return toChatAsked(deps, visit, { ...body, wire: deps.chatWire, hypothetical: true });
  if (kind === 'completion') {
    const { completions: wire } = await import('../wire/completions/index.ts');
    return toChatAsked(deps, visit, { ...body, json: rest, wire, hypothetical: true });
  }
  if (kind === 'transcription') return toSoundAsked(deps, visit, rest);
  if (kind !== 'embedding' && kind !== 'image' && kind !== 'speech' && kind !== 'moderation')
    throw new CallerError(
      'invalid_request',
      'kind must be one of chat, completion, embedding, image, speech, transcription, moderation.',
      { param: 'kind' },
    );
  const errand = errands[kind]({ input: 'text', prompt: 'text', ...rest });
  const asked = await toPlainAsked(deps, visit, { errand, hypothetical: true });
  return errand.divisible === undefined ? asked : toFirstBatch(asked, errand.divisible.question);
}

/** The endpoint over its services. */
export function createExplainEndpoint(deps: EndpointDeps): Endpoint {
  return async (visit) => {
    try {
      const body = await readJsonBody(visit);
      const { operation, services, batches = 1 } = await toAsked(deps, visit, body);
      const { fleet, ledger } = services;
      await ledger.refresh(operation.selector.among);
      const nowMs = deps.clock.now();
      const { selector, profile, policy } = operation;
      const jitter = deps.clock.random();
      const input: DecideInput = {
        candidates: fleet.candidates,
        standings: [...ledger.standings(nowMs)],
        selector,
        profile,
        policy,
        tried: new Set(),
        refused: new Map(),
        lastResort: false,
        nowMs,
        jitter,
        scarcity: ledger.scarcity(profile.kind),
        rank: fleet.rank ?? null,
        incumbent: operation.incumbent,
      };
      const told = tellDecision(visit.requestId, input, services);
      replyJson(visit, 200, batches > 1 ? { ...told, batches } : told);
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      replyError(visit, error, { renderer: deps.chatWire, nowMs: deps.clock.now() });
    }
  };
}
