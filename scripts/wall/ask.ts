// Asks the gateway as a plain client would, and notes what came back.
import type { Mode } from './scenarios.ts';

/** What a caller got. */
export interface Got {
  readonly status: number;
  readonly text: string;
  readonly model: string | null;
  /** Tokens of the answer as told; null when they were not told. */
  readonly outputTokens: number | null;
  readonly error: string | null;
  readonly finishes: number;
  readonly ids: number;
  /** The stream or body came to its proper end. */
  readonly ended: boolean;
  /** How the gateway says it went on after a break; null when it did not have to. */
  readonly resumedBy: string | null;
  readonly startedAtMs: number;
  readonly ms: number;
}

export interface Target {
  readonly url: string;
  readonly key: string;
  readonly now: () => number;
}

interface Chunk {
  readonly id?: string;
  readonly model?: string;
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null };
    readonly message?: { readonly content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly completion_tokens?: number } | null;
  readonly freeway?: { readonly resumed_by?: string };
  readonly error?: { readonly code?: string; readonly message?: string };
}

function toChunks(body: string, mode: Mode, status: number): { chunks: Chunk[]; ended: boolean } {
  if (mode === 'json' || status !== 200) return { chunks: [JSON.parse(body) as Chunk], ended: true };
  const data = body.split('\n\n').flatMap((frame) => (frame.startsWith('data: ') ? [frame.slice(6)] : []));
  const ended = data.at(-1) === '[DONE]';
  return { chunks: data.filter((one) => one !== '[DONE]').map((one) => JSON.parse(one) as Chunk), ended };
}

function toGot(body: string, mode: Mode, { status, startedAtMs, ms }: Pick<Got, 'status' | 'startedAtMs' | 'ms'>): Got {
  const { chunks, ended } = toChunks(body, mode, status);
  const choices = chunks.flatMap((chunk) => chunk.choices?.[0] ?? []);
  return {
    status,
    text: choices.map(({ delta, message }) => delta?.content ?? message?.content ?? '').join(''),
    model: chunks.at(-1)?.model ?? null,
    outputTokens: chunks.at(-1)?.usage?.completion_tokens ?? null,
    error: chunks.find(({ error }) => error)?.error?.code ?? null,
    finishes: choices.filter(({ finish_reason: finish }) => finish).length,
    ids: new Set(chunks.flatMap(({ id }) => id ?? [])).size,
    ended,
    resumedBy: chunks.at(-1)?.freeway?.resumed_by ?? null,
    startedAtMs,
    ms,
  };
}

/** One request, read to its end. */
export async function ask({ url, key, now }: Target, model: string, mode: Mode): Promise<Got> {
  const startedAtMs = now();
  const stream = mode === 'sse' ? { stream: true, stream_options: { include_usage: true } } : {};
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, ...stream, messages: [{ role: 'user', content: 'Tell me the story.' }] }),
  });
  const body = await response.text();
  return toGot(body, mode, { status: response.status, startedAtMs, ms: now() - startedAtMs });
}
