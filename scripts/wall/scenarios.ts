// The sixteen faults of the wall: what the first provider does, how the second one is, and what a clean answer is.
import type { WireId } from '#shared/catalog.ts';
import type { Fault } from '../../tests/fakes/provider/faults.ts';
import type { FakeModel } from '../../tests/fakes/provider/spec.ts';

export type Mode = 'json' | 'sse';

/** What must hold. Times in ms. */
export interface Rules {
  /** From the request to the end of the reply. */
  readonly withinMs: number;
  /** Calls the first provider may get. */
  readonly primaryCalls: { readonly least: number; readonly most: number };
  /** Calls beyond one for each request. */
  readonly wastedCalls?: number;
  /** The second provider must not be asked. */
  readonly inPlace?: boolean;
  /** The error the caller must get instead of the answer. */
  readonly error?: { readonly status: number; readonly code: string };
  /** The second provider's answer, with its model and use. */
  readonly accounted?: boolean;
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** `toMs` shortens a time as the gateway's own waits are shortened. */
  readonly fault: (toMs: (ms: number) => number, mode: Mode, wire: WireId) => Fault | string;
  readonly backup?: Partial<FakeModel>;
  /** Requests, and the time from one to the next. */
  readonly repeat?: { readonly times: number; readonly everyMs: number };
  readonly rules: Readonly<Record<Mode, Rules>>;
}

/** More calls than these in a row would be hammering. */
const few = { least: 1, most: 4 };
const once = { least: 1, most: 1 };
const both = (rules: Rules): Scenario['rules'] => ({ json: rules, sse: rules });

export const scenarios: readonly Scenario[] = [
  {
    id: 'S01',
    title: '429, Retry-After 2',
    // Gemini tells a wait in the details of the error.
    fault: (_, __, wire) => (wire === 'gemini' ? 'first-1-429-gemini-2' : 'first-1-429-after-2'),
    rules: both({ withinMs: 15_000, primaryCalls: few }),
  },
  { id: 'S02', title: '429 for ever', fault: () => '429', rules: both({ withinMs: 15_000, primaryCalls: few }) },
  { id: 'S03', title: '500 once', fault: () => 'first-1-500', rules: both({ withinMs: 15_000, primaryCalls: few }) },
  { id: 'S04', title: '503 for ever', fault: () => '503', rules: both({ withinMs: 15_000, primaryCalls: few }) },
  {
    id: 'S05',
    title: 'reset before the head',
    fault: () => 'reset',
    rules: both({ withinMs: 15_000, primaryCalls: few }),
  },
  { id: 'S06', title: 'silent', fault: () => 'silent', rules: both({ withinMs: 100_000, primaryCalls: once }) },
  {
    id: 'S07',
    title: 'first token after 20 s',
    fault: (toMs) => ({ kind: 'late', ms: toMs(20_000) }),
    rules: both({ withinMs: 15_000, primaryCalls: once }),
  },
  {
    id: 'S08',
    title: 'cut after 40 of 60 words',
    fault: () => 'cut-40',
    rules: both({ withinMs: 15_000, primaryCalls: few }),
  },
  {
    id: 'S09',
    title: 'stands still for 30 s',
    fault: (toMs, mode) => ({ kind: 'stall', at: { chunks: 20 }, ...(mode === 'sse' && { forMs: toMs(30_000) }) }),
    rules: both({ withinMs: 25_000, primaryCalls: few }),
  },
  {
    id: 'S10',
    title: 'malformed chunk',
    fault: () => 'malformed-10',
    rules: {
      json: { withinMs: 15_000, primaryCalls: few },
      sse: { withinMs: 15_000, primaryCalls: once, inPlace: true },
    },
  },
  {
    id: 'S11',
    title: 'no [DONE]',
    fault: () => 'no-done',
    rules: both({ withinMs: 15_000, primaryCalls: once, inPlace: true }),
  },
  {
    id: 'S12',
    title: 'context length 400',
    fault: () => 'context',
    rules: both({ withinMs: 15_000, primaryCalls: once }),
  },
  {
    id: 'S13',
    title: 'content filter 400',
    fault: () => 'filter',
    rules: both({
      withinMs: 15_000,
      primaryCalls: once,
      inPlace: true,
      error: { status: 400, code: 'content_filter' },
    }),
  },
  {
    id: 'S14',
    title: 'cut, backup rejects prefill',
    fault: () => 'cut-40',
    backup: { prefill: 'rejects' },
    rules: both({ withinMs: 15_000, primaryCalls: few }),
  },
  {
    id: 'S15',
    title: 'flaps for 60 s, 20 requests',
    fault: (toMs) => ({
      kind: 'flap',
      downMs: toMs(10_000),
      upMs: toMs(10_000),
      fault: { kind: 'refusal', refusal: 'overloaded' },
    }),
    repeat: { times: 20, everyMs: 3_000 },
    // Three failures open the breaker, and one probe may meet the same outage: four in each of the three times it is down.
    rules: both({ withinMs: 15_000, primaryCalls: { least: 1, most: 20 }, wastedCalls: 12 }),
  },
  {
    id: 'S16',
    title: 'model and use of the backup',
    fault: () => '503',
    rules: both({ withinMs: 15_000, primaryCalls: few, accounted: true }),
  },
];
