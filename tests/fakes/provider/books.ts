// The provider's own books: what it accepted, refused and served, and when; tests believe these and nothing else.

/** What happened for one key and one model. Tokens are as the provider counts them. */
export interface BookLine {
  readonly key: string;
  readonly model: string;
  /** Let in (also those that then failed by a fault). */
  accepted: number;
  /** Answered with something else than a served reply, by reason: `limit requests/60s`, `fault 503`, `bad_key` ... */
  readonly refused: Record<string, number>;
  /** Replies with status 429 (or 413 for a limit) because a limit really was reached. */
  limited: number;
  /** Replies with status 429, scripted ones included. */
  sent429: number;
  /** Replies played to their end. */
  served: number;
  /** Replies the caller gave up. */
  abandoned: number;
  /** Replies the provider itself broke off. */
  broken: number;
  inputTokens: number;
  outputTokens: number;
  audioSeconds: number;
  /** Most requests in progress at one moment. */
  maxConcurrent: number;
}

/** One admitted call in the log. */
export interface BookEvent {
  readonly atMs: number;
  readonly key: string;
  readonly model: string;
  readonly requests: number;
  tokens: number;
}

export interface Books {
  /** Sums over every key and model. */
  total(): Omit<BookLine, 'key' | 'model'>;
  lines(): readonly BookLine[];
  line(key: string, model: string): BookLine;
  /** The greatest sum of `unit` in any interval [t, t + ms) of the log; needs `keepEvents`. Fails when events were lost. */
  maxInAnyWindow(
    ms: number,
    unit?: 'requests' | 'tokens',
    where?: { readonly key?: string; readonly model?: string },
  ): number;
}

/** Books as the provider writes them. */
export interface BookKeeping extends Books {
  refuse(line: BookLine, reason: string): void;
  /** Opens a call; the answer is its event, whose tokens are corrected later. */
  open(line: BookLine, nowMs: number, tokens: number): BookEvent;
  close(line: BookLine): void;
}

function emptyLine(key: string, model: string): BookLine {
  const counts = { accepted: 0, limited: 0, sent429: 0, served: 0, abandoned: 0, broken: 0 };
  return { key, model, refused: {}, ...counts, inputTokens: 0, outputTokens: 0, audioSeconds: 0, maxConcurrent: 0 };
}

function maxInAnyWindow(events: readonly BookEvent[], ms: number, unit: 'requests' | 'tokens'): number {
  let from = 0;
  let sum = 0;
  let most = 0;
  for (const event of events) {
    sum += event[unit];
    while (events[from]!.atMs + ms <= event.atMs) sum -= events[from++]![unit];
    most = Math.max(most, sum);
  }
  return most;
}

export function createBooks(keepEvents: number): BookKeeping {
  const lines = new Map<string, BookLine>();
  const open = new Map<BookLine, number>();
  const events: BookEvent[] = [];
  let openNow = 0;
  let mostOpen = 0;
  let lost = false;

  function line(key: string, model: string): BookLine {
    const name = `${key}\n${model}`;
    const found = lines.get(name) ?? emptyLine(key, model);
    lines.set(name, found);
    return found;
  }

  return {
    line,
    lines: () => [...lines.values()],
    total() {
      const { key: _key, model: _model, ...sum } = emptyLine('', '');
      for (const one of lines.values()) {
        for (const name of ['accepted', 'limited', 'sent429', 'served', 'abandoned', 'broken'] as const) {
          sum[name] += one[name];
        }
        for (const name of ['inputTokens', 'outputTokens', 'audioSeconds'] as const) sum[name] += one[name];
        for (const [reason, count] of Object.entries(one.refused)) {
          sum.refused[reason] = (sum.refused[reason] ?? 0) + count;
        }
      }
      return { ...sum, maxConcurrent: mostOpen };
    },
    maxInAnyWindow(ms, unit = 'requests', where = {}) {
      if (lost) throw new Error('The event log overflowed: raise keepEvents');
      const { key, model } = where;
      const chosen = events.filter((e) => (key ?? e.key) === e.key && (model ?? e.model) === e.model);
      return maxInAnyWindow(chosen, ms, unit);
    },
    refuse(one, reason) {
      one.refused[reason] = (one.refused[reason] ?? 0) + 1;
    },
    open(one, nowMs, tokens) {
      const event: BookEvent = { atMs: nowMs, key: one.key, model: one.model, requests: 1, tokens };
      if (events.length < keepEvents) events.push(event);
      else lost = true;
      const here = (open.get(one) ?? 0) + 1;
      open.set(one, here);
      one.accepted += 1;
      one.maxConcurrent = Math.max(one.maxConcurrent, here);
      openNow += 1;
      mostOpen = Math.max(mostOpen, openNow);
      return event;
    },
    close(one) {
      open.set(one, (open.get(one) ?? 1) - 1);
      openNow -= 1;
    },
  };
}
