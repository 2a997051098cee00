// The Upstream port on simulated providers, in process and in virtual time: no sockets, no waiting.
import { toWhole } from '#lambda/gateway/own-body.ts';
import type { Upstream, UpstreamCall, UpstreamHandle, UpstreamListener } from '#lambda/ports.ts';
import { UpstreamError } from '#lambda/ports.ts';
import type { FakeClock } from '../clock.ts';
import type { FakeProvider } from './core.ts';
import type { PlanChunk, PlanOutcome, ReplyPlan } from './spec.ts';

/** What the upstream saw of its callers. */
export interface FakeUpstream extends Upstream {
  /** Calls in progress. */
  open(): number;
  /** All calls started. */
  started(): number;
}

/** One call being played. */
interface Playing {
  readonly plan: ReplyPlan;
  readonly call: UpstreamCall;
  readonly listener: UpstreamListener;
  readonly clock: FakeClock;
  readonly onOver: () => void;
}

const timedOut = (what: string, ms: number): UpstreamError =>
  new UpstreamError('timeout', `No ${what} within ${ms} ms`, true);

function play({ plan, call, listener, clock, onOver }: Playing): UpstreamHandle {
  let cancelTimer: () => void = () => undefined;
  let over = false;
  let paused = false;
  /** What waits for resume(). */
  let held: (() => void) | null = null;

  function after(ms: number, then: () => void): void {
    cancelTimer = clock.schedule(ms, () => {
      if (paused) held = then;
      else then();
    });
  }
  function finish(outcome: PlanOutcome, tell: () => void): void {
    if (over) return;
    over = true;
    cancelTimer();
    held = null;
    plan.close(outcome);
    onOver();
    tell();
  }
  const fail = (error: UpstreamError, outcome: PlanOutcome): void => finish(outcome, () => listener.onError(error));
  const reset = (): void => fail(new UpstreamError('network', 'Connection reset by peer', true), 'broken');

  /** Waits for the next thing, or for the idle limit if that comes first. */
  function next(delayMs: number, then: () => void): void {
    const limitMs = call.idleTimeoutMs;
    if (limitMs > 0 && delayMs > limitMs) after(limitMs, () => fail(timedOut('data', limitMs), 'abandoned'));
    else if (delayMs !== Infinity) after(delayMs, then);
  }
  function finale(): void {
    const { end, endDelayMs } = plan;
    if (end === 'stall') return next(Infinity, () => undefined);
    next(endDelayMs, () => (end === 'reset' ? reset() : finish('ended', () => listener.onEnd())));
  }
  function chunk(index: number): void {
    const one: PlanChunk | undefined = plan.chunks[index];
    if (!one) return finale();
    next(one.delayMs, () => {
      listener.onData(one.bytes);
      if (!over) chunk(index + 1);
    });
  }
  function begin(): void {
    const limitMs = call.headTimeoutMs;
    const delayMs = plan.head === 'silent' ? Infinity : plan.headDelayMs;
    if (limitMs > 0 && delayMs > limitMs) {
      return after(limitMs, () => fail(timedOut('reply', limitMs), 'abandoned'));
    }
    if (delayMs === Infinity) return;
    after(delayMs, () => {
      if (plan.head === 'reset') return reset();
      // Bodies reach a listener decoded, so the header that says otherwise goes too.
      const { 'content-encoding': _encoding, ...headers } = plan.headers;
      listener.onHead(plan.status, headers);
      if (!over) chunk(0);
    });
  }

  begin();
  return {
    abort() {
      const error = new UpstreamError('cancelled', 'The caller gave up', true);
      finish('abandoned', () => queueMicrotask(() => listener.onError(error)));
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      const then = held;
      held = null;
      if (then && !over) after(0, then);
    },
  };
}

function toRequest(call: UpstreamCall, base: string) {
  const headers = Object.fromEntries(Object.entries(call.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const { body } = call;
  if (body !== null && typeof body === 'object' && 'open' in body)
    throw new Error('Bodies that are read while they are sent need a real server.');
  return { method: call.method, path: call.url.slice(base.length), headers, body: toWhole(body) };
}

/**
 * Routes calls to providers by the longest base URL that fits. Unknown hosts fail as a network error that sent nothing.
 *
 *     const upstream = createFakeUpstream({ 'http://alpha.test/v1': alpha, 'http://beta.test/v1': beta }, clock);
 */
export function createFakeUpstream(
  providers: Readonly<Record<string, Pick<FakeProvider, 'handle'>>>,
  clock: FakeClock,
): FakeUpstream {
  const bases = Object.keys(providers).sort((a, b) => b.length - a.length);
  const playing = new Set<UpstreamHandle>();
  let started = 0;

  function start(call: UpstreamCall, listener: UpstreamListener): UpstreamHandle {
    started += 1;
    const base = bases.find((one) => call.url.startsWith(one));
    const provider = base === undefined ? undefined : providers[base];
    if (base === undefined || !provider) {
      const error = new UpstreamError('network', `No such host: ${call.url}`, false);
      const cancel = clock.schedule(0, () => listener.onError(error));
      return { abort: cancel, pause: () => undefined, resume: () => undefined };
    }
    const plan = provider.handle(toRequest(call, base));
    const handle = play({ plan, call, listener, clock, onOver: () => void playing.delete(handle) });
    playing.add(handle);
    return handle;
  }

  return {
    start,
    async close() {
      for (const handle of playing) handle.abort();
    },
    open: () => playing.size,
    started: () => started,
  };
}
