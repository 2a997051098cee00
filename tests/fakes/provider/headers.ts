// Rate-limit headers as each kind of provider sends them, written from the provider's own counts.
import type { DialectId } from '#shared/catalog.ts';
import type { LimitView } from './limits.ts';
import type { LimitClock } from './spec.ts';

export type Period = 'second' | 'minute' | 'hour' | 'day' | 'month' | 'other';
type HeaderMap = Record<string, string>;

/** The everyday name of a clock's window. */
export function periodOf(clock: LimitClock): Period {
  if (clock.kind === 'calendar') return clock.every;
  if (clock.kind === 'held') return 'other';
  return ({ 1: 'second', 60: 'minute', 3600: 'hour', 86400: 'day' } as const)[clock.seconds] ?? 'other';
}

/** A Go duration as providers print it: `26ms`, `7.66s`, `2m59.56s`, `1h0m5s`. */
export function toGoDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = Number(((ms % 60_000) / 1000).toFixed(3));
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}

function find(views: readonly LimitView[], unit: string, period: Period): LimitView | undefined {
  return views.find((view) => view.limit.unit === unit && periodOf(view.limit.clock) === period);
}

/** Limit, remaining and, if wanted, reset of one window under names made by `name`. */
function put(into: HeaderMap, view: LimitView | undefined, form: (part: string) => string, reset?: string): void {
  if (!view) return;
  into[form('limit')] = String(view.limit.max);
  into[form('remaining')] = String(Math.floor(view.remaining));
  if (reset !== undefined) into[form('reset')] = reset;
}

type Writer = (views: readonly LimitView[], nowMs: number, refused: boolean) => HeaderMap;

function openAiWriter(requestsPer: Period): Writer {
  return (views) => {
    const out: HeaderMap = {};
    const requests = find(views, 'requests', requestsPer);
    const tokens = find(views, 'tokens', 'minute') ?? find(views, 'input_tokens', 'minute');
    put(out, requests, (part) => `x-ratelimit-${part}-requests`, toGoDuration(requests?.resetMs ?? 0));
    put(out, tokens, (part) => `x-ratelimit-${part}-tokens`, toGoDuration(tokens?.resetMs ?? 0));
    return out;
  };
}

const cerebras: Writer = (views) => {
  const out: HeaderMap = {};
  for (const unit of ['requests', 'tokens'] as const) {
    for (const period of ['minute', 'hour', 'day'] as const) {
      const view = find(views, unit, period);
      put(out, view, (part) => `x-ratelimit-${part}-${unit}-${period}`, String((view?.resetMs ?? 0) / 1000));
    }
  }
  return out;
};

const sambanova: Writer = (views, nowMs) => {
  const out: HeaderMap = {};
  for (const [period, suffix] of [
    ['minute', ''],
    ['day', '-day'],
  ] as const) {
    const view = find(views, 'requests', period);
    const resetAt = String(Math.ceil((nowMs + (view?.resetMs ?? 0)) / 1000));
    put(out, view, (part) => `x-ratelimit-${part}-requests${suffix}`, resetAt);
  }
  return out;
};

const mistral: Writer = (views) => {
  const out: HeaderMap = {};
  put(out, find(views, 'requests', 'minute'), (part) => `x-ratelimit-${part}-req-minute`);
  put(out, find(views, 'tokens', 'minute'), (part) => `x-ratelimit-${part}-tokens-minute`);
  return out;
};

const anthropic: Writer = (views, nowMs) => {
  const out: HeaderMap = {};
  for (const unit of ['requests', 'tokens', 'input_tokens'] as const) {
    const view = find(views, unit, 'minute');
    const resetAt = new Date(Math.ceil((nowMs + (view?.resetMs ?? 0)) / 1000) * 1000).toISOString();
    const name = unit.replace('_', '-');
    put(out, view, (part) => `anthropic-ratelimit-${name}-${part}`, resetAt.replace('.000Z', 'Z'));
  }
  return out;
};

/** Only on a refusal, and only for the window that refused. */
const openrouter: Writer = (views, nowMs, refused) => {
  const out: HeaderMap = {};
  const view = views[0];
  if (!refused || !view) return out;
  put(out, view, (part) => `x-ratelimit-${part}`, String(Math.ceil(nowMs + view.resetMs)));
  return out;
};

/** Trial keys: on successes only. */
const cohere: Writer = (views, _nowMs, refused) => {
  const out: HeaderMap = {};
  if (refused) return out;
  put(out, find(views, 'requests', 'minute'), (part) => `x-trial-endpoint-call-${part}`);
  const month = find(views, 'requests', 'month');
  if (month) out['x-endpoint-monthly-call-limit'] = String(month.limit.max);
  return out;
};

const together: Writer = (views) => {
  const out: HeaderMap = {};
  const view = find(views, 'requests', 'second') ?? find(views, 'requests', 'minute');
  put(out, view, (part) => `x-ratelimit-${part}`, String(Math.ceil((view?.resetMs ?? 0) / 1000)));
  return out;
};

const writers: Partial<Record<DialectId, Writer>> = {
  openai: openAiWriter('minute'),
  azure: openAiWriter('minute'),
  groq: openAiWriter('day'),
  cerebras,
  sambanova,
  mistral,
  anthropic,
  openrouter,
  cohere,
  together,
};

/** The limit headers of a reply; none for dialects that send none. `refused`: the reply is a 429, `views[0]` the reason. */
export function toLimitHeaders(
  dialect: DialectId,
  views: readonly LimitView[],
  at: { readonly nowMs: number; readonly refused: boolean },
): Record<string, string> {
  return writers[dialect]?.(views, at.nowMs, at.refused) ?? {};
}
