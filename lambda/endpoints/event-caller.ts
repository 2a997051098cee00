// A caller who watches: told on the stream itself who is asked, what failed, and the receipt. Plain clients never see these events.
import type { AttemptEvent, ReceiptEvent, RouteEvent } from '#shared/api/events.ts';
import type { Attempt } from '#shared/failures.ts';
import type { Step } from '../gateway/answer.ts';
import type { RunResult } from '../gateway/run.ts';
import type { Clock, ReplyBody } from '../ports.ts';
import { listCostUsd } from '../routing/cost.ts';
import type { Candidate } from '../routing/types.ts';
import type { ExchangeCaller } from './caller.ts';
import type { Visit } from './endpoint.ts';

export interface EventCaller extends ExchangeCaller {
  /** Writes the receipt and what the answer ended with; a stream that broke off stays open for a last word. */
  close(result: RunResult): void;
}

const toFrame = (event: string, data: RouteEvent | AttemptEvent | ReceiptEvent): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** When it ended is for traces. */
function toAttemptEvent({ route, credential, tier, failure, status, ms, message }: Attempt): AttemptEvent {
  return { route, credential, tier, failure, status, ms, message };
}

const toWho = ({ route, credential, tier }: Candidate): Pick<AttemptEvent, 'route' | 'credential' | 'tier'> => ({
  route,
  credential,
  tier,
});

function toStepFrame(step: Exclude<Step, { kind: 'deciding' }>, attempt: number): string {
  if (step.kind === 'failed') return toFrame('attempt', toAttemptEvent(step.attempt));
  if (step.kind === 'waiting') return toFrame('route', { state: 'waiting', wait_ms: Math.round(step.waitMs) });
  return toFrame('route', { state: 'asking', ...toWho(step.candidate), attempt });
}

function toReceiptEvent({ requestId, startedAtMs }: Visit, result: RunResult, nowMs: number): ReceiptEvent {
  const { receipt, usage, costUsd, rescues, brokeOff } = result;
  const { candidate, attempts, waitedMs } = receipt;
  return {
    request_id: requestId,
    ...toWho(candidate),
    attempts: attempts.map(toAttemptEvent),
    wait_ms: Math.round(waitedMs),
    duration_ms: Math.round(nowMs - startedAtMs),
    input_tokens: usage?.inputTokens ?? null,
    output_tokens: usage?.outputTokens ?? null,
    cost_usd: costUsd,
    ...(receipt.isCostGuessed && { cost_estimated: true }),
    list_cost_usd: usage === null ? null : listCostUsd(candidate.price, usage),
    rescues,
    outcome: brokeOff === null ? 'ok' : 'broke_off',
  };
}

/** Wraps the caller of a stream. The head goes out with the first step, so that failover can be watched. */
export function createEventCaller(visit: Visit, plain: ExchangeCaller, clock: Clock): EventCaller {
  let body: ReplyBody | null = null;
  let asked = 0;
  let ending: Uint8Array | string | null = null;
  const marks: Record<string, string> = {};
  const open = (): ReplyBody =>
    (body ??= visit.exchange.reply(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'x-freeway-request-id': visit.requestId,
      ...marks,
    }));
  return {
    commit: () => {
      const out = open();
      return {
        write: (chunk) => out.write(chunk),
        drained: () => out.drained(),
        // Held back until the receipt is known, since clients stop reading at the closing mark.
        end: (last) => {
          ending = last ?? '';
        },
      };
    },
    watch: (step) => {
      if (step.kind === 'deciding') return;
      if (step.kind === 'asking') asked++;
      open().write(toStepFrame(step, asked));
    },
    get gone() {
      return plain.gone;
    },
    onGone: (listener) => plain.onGone(listener),
    body: () => body,
    mark: (name, value) => void (marks[name] = value),
    explain: (error) => plain.explain(error),
    close: (result) => {
      body?.write(toFrame('receipt', toReceiptEvent(visit, result, clock.now())));
      if (result.brokeOff === null) body?.end(ending ?? '');
    },
  };
}
