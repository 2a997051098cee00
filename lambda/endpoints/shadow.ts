// Asks the variant of a shadow experiment beside a request that was answered: for comparison only, nobody gets its answer.
import { CallerError } from '#shared/failures.ts';
import type { Assignment } from '#shared/rollout.ts';
import type { Caller } from '../gateway/answer.ts';
import type { ReplyBody } from '../ports.ts';
import { toChatAsked, type AskedBody } from './ask.ts';
import type { EndpointDeps, Visit } from './endpoint.ts';
import { createTeller } from './tell.ts';

/** What nobody reads. */
const nowhere: ReplyBody = { write: () => true, drained: () => Promise.resolve(), end: () => undefined };
const nobody: Caller = { commit: () => nowhere, gone: false, onGone: () => () => undefined };

/** Shadows under way at once; requests beyond have none. */
const MAX_AT_ONCE = 4;

/** Runs the shadow of a request that is answered, if it has one. Only figures are kept of it. Never rejects for what providers do. */
export type Shadows = (visit: Visit, assignment: Assignment, body: AskedBody) => Promise<void>;

/** Shadows of one instance over its services. */
export function createShadows(deps: EndpointDeps): Shadows {
  let running = 0;
  return async (visit, assignment, body) => {
    if (assignment.experiment.kind !== 'shadow' || running >= MAX_AT_ONCE) return;
    // Whoever waits for the handler would wait for the shadow too.
    if (visit.exchange.waitsForHandler === true) return;
    running++;
    const { experiment } = assignment;
    const shadow: Visit = { ...visit, requestId: `${visit.requestId}-shadow`, startedAtMs: deps.clock.now() };
    const teller = createTeller(deps, shadow, 'shadow');
    teller.assigned({ experiment, arm: 'variant' });
    try {
      const { operation, services } = await toChatAsked(deps, shadow, { ...body, teller, shadowOf: experiment });
      const result = await services.gateway.run({ operation, caller: nobody });
      teller.answered(result);
      await result.settled;
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      teller.failed(error);
    } finally {
      running--;
    }
  };
}
