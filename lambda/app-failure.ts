// Whatever an endpoint throws, as its caller is told of it: in the format of the URL, and nothing that was not meant for callers.
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import { speaksGemini } from './app-paths.ts';
import { replyError, type EndpointDeps, type Visit } from './endpoints/endpoint.ts';
import { StoreUnavailable } from './ports.ts';
import type { LogFields } from './ports-telemetry.ts';
import { chatWires } from './wire/index.ts';
import type { ErrorRenderer } from './wire/types.ts';

interface FailureDeps extends Pick<EndpointDeps, 'chatWire' | 'clock' | 'log'> {
  /** Names an error for the log, without its message, which may quote what was sent. */
  readonly describe: (error: unknown) => LogFields;
}

/** The format in which errors are told at a URL. */
async function rendererOf({ chatWire }: FailureDeps, { exchange }: Visit): Promise<ErrorRenderer> {
  if (/^(?:\/api)?(?:\/v1)*\/messages/.test(exchange.path)) return chatWires.anthropic();
  return speaksGemini(exchange) ? chatWires.gemini() : chatWire;
}

const faults = {
  fault: 'Something went wrong on our side. Tell',
  store_away: 'The store does not answer. Try again in a moment, or tell',
  disk_full: 'The disk of this server is full, so nothing more can be kept. Tell',
} as const;

/** What a caller is told of an error that is ours; the log has the rest. */
function toInternal({ log, describe }: FailureDeps, { requestId }: Visit, error: unknown): CallerError {
  // Only the store's own messages are known to hold nothing of what was asked.
  const isStore = error instanceof StoreUnavailable;
  log.error('request.failed', {
    request_id: requestId,
    ...describe(error),
    ...(isStore ? { what: error.message } : {}),
  });
  const kind = !isStore ? 'fault' : error.isFull ? 'disk_full' : 'store_away';
  return new CallerError('internal', `${faults[kind]} the operator the request id ${requestId}.`, {
    reason: refused(kind, { id: requestId }),
  });
}

/** What follows a body as deep as it is nested comes to the end of the stack. */
const isTooDeep = (error: unknown): boolean => error instanceof RangeError && error.message.includes('call stack');

/** The caller's to mend, as far as we know: a function of ours that calls itself without end looks the same, so the log says where it was. */
function toTooDeep({ log, describe }: FailureDeps, { requestId }: Visit, error: unknown): CallerError {
  log.warn('request.too_deep', { request_id: requestId, ...describe(error) });
  return new CallerError('invalid_request', 'The request is nested too deeply. Send it with fewer levels.');
}

function toTold(deps: FailureDeps, visit: Visit, error: unknown): CallerError {
  if (error instanceof CallerError) return error;
  return isTooDeep(error) ? toTooDeep(deps, visit, error) : toInternal(deps, visit, error);
}

/** Turns whatever an endpoint throws into an answer. */
export async function fail(deps: FailureDeps, visit: Visit, error: unknown): Promise<void> {
  const known = toTold(deps, visit, error);
  try {
    const renderer = await rendererOf(deps, visit);
    replyError(visit, known, { renderer, nowMs: deps.clock.now() });
  } catch {
    // The head is out already: all that is left is to end the reply, which the entry does.
  }
}
