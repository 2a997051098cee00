// The chat surfaces as a plain client sees them: how to ask, and what to read in a reply.
import type { Mode } from './scenarios.ts';

/** What stands in a reply. */
export interface Heard {
  readonly text: string;
  readonly model: string | null;
  /** Tokens of the answer as told; null when they were not told. */
  readonly outputTokens: number | null;
  readonly error: string | null;
  readonly finishes: number;
  readonly ids: number;
  /** The stream or body came to its proper end. */
  readonly ended: boolean;
  /** The format's own way to say that a filter held all of the answer back. */
  readonly withheld: boolean;
  /** How the gateway says it went on after a break; null when it did not have to. */
  readonly resumedBy: string | null;
}

export interface Surface {
  path(model: string, mode: Mode): string;
  body(model: string, mode: Mode): Record<string, unknown>;
  /** Reads the documents of a good reply: one, or the data of each event. */
  read(documents: readonly Document[], mode: Mode): Omit<Heard, 'error'>;
}

/** One JSON document of a reply; every format has some of these fields. */
export interface Document {
  readonly id?: string;
  readonly type?: string;
  readonly model?: string;
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null };
    readonly message?: { readonly content?: string | null };
    readonly text?: string;
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly completion_tokens?: number; readonly output_tokens?: number } | null;
  readonly message?: Document;
  readonly content?: readonly { readonly text?: string }[];
  readonly stop_reason?: string | null;
  readonly delta?: { readonly text?: string; readonly stop_reason?: string } | string;
  readonly response?: Document;
  readonly status?: string;
  readonly output?: readonly { readonly content?: readonly { readonly text?: string }[] }[];
  readonly done?: boolean;
  readonly freeway?: { readonly resumed_by?: string };
  readonly candidates?: readonly {
    readonly content?: { readonly parts?: readonly { readonly text?: string }[] };
    readonly finishReason?: string;
  }[];
  readonly promptFeedback?: { readonly blockReason?: string };
  readonly usageMetadata?: { readonly candidatesTokenCount?: number };
  readonly modelVersion?: string;
  readonly responseId?: string;
  /** In one of the formats `code` is the status, and `reason` what it is elsewhere. */
  readonly error?: { readonly code?: string | number; readonly reason?: string } | null;
}

const story = 'Tell me the story.';
const messages = [{ role: 'user', content: story }];
const last = <T>(values: readonly (T | null | undefined)[]): T | null =>
  values.findLast((one) => one !== null && one !== undefined) ?? null;
const count = (values: readonly (string | undefined)[]): number =>
  new Set(values.filter((one) => one !== undefined)).size;
const resumedIn = (documents: readonly Document[]): string | null =>
  last(documents.map(({ freeway }) => freeway?.resumed_by));

const chat: Surface = {
  path: () => '/v1/chat/completions',
  body: (model, mode) => ({
    model,
    messages,
    ...(mode === 'sse' ? { stream: true, stream_options: { include_usage: true } } : {}),
  }),
  read: (documents, mode) => {
    const choices = documents.flatMap((one) => one.choices?.[0] ?? []);
    return {
      text: choices.map(({ delta, message }) => delta?.content ?? message?.content ?? '').join(''),
      model: last(documents.map(({ model }) => model)),
      outputTokens: last(documents.map(({ usage }) => usage?.completion_tokens)),
      finishes: choices.filter(({ finish_reason: finish }) => finish).length,
      ids: count(documents.map(({ id }) => id)),
      ended: mode === 'json' || documents.at(-1)?.done === true,
      withheld: false,
      resumedBy: resumedIn(documents),
    };
  },
};

const completions: Surface = {
  path: () => '/v1/completions',
  body: (model, mode) => ({
    model,
    prompt: story,
    ...(mode === 'sse' ? { stream: true, stream_options: { include_usage: true } } : {}),
  }),
  read: (documents, mode) => ({
    ...chat.read(documents, mode),
    text: documents.map(({ choices }) => choices?.[0]?.text ?? '').join(''),
  }),
};

const claude: Surface = {
  path: () => '/v1/messages',
  body: (model, mode) => ({ model, messages, max_tokens: 1_000, ...(mode === 'sse' ? { stream: true } : {}) }),
  read: (documents, mode) => {
    const deltas = documents.flatMap(({ delta }) => (typeof delta === 'object' ? [delta] : []));
    const [whole] = documents;
    return {
      text:
        mode === 'json'
          ? (whole?.content ?? []).map(({ text }) => text ?? '').join('')
          : deltas.map(({ text }) => text ?? '').join(''),
      // The event that could name another model comes first; who answers at last stands in the receipt.
      model: last(documents.map(({ model, message }) => model ?? message?.model)),
      outputTokens: last(documents.map(({ usage }) => usage?.output_tokens)),
      finishes: mode === 'json' ? Number(Boolean(whole?.stop_reason)) : deltas.filter((one) => one.stop_reason).length,
      ids: mode === 'json' ? 1 : documents.filter(({ type }) => type === 'message_start').length,
      ended: mode === 'json' || documents.at(-1)?.type === 'message_stop',
      withheld: [whole?.stop_reason, ...deltas.map((one) => one.stop_reason)].includes('refusal'),
      resumedBy: resumedIn(documents),
    };
  },
};

const responses: Surface = {
  path: () => '/v1/responses',
  body: (model, mode) => ({ model, input: story, ...(mode === 'sse' ? { stream: true } : {}) }),
  read: (documents, mode) => {
    const ends = documents.flatMap(({ type, response }) =>
      type === 'response.completed' && response ? [response] : [],
    );
    const [whole] = mode === 'json' ? documents : ends;
    const deltas = documents.map(({ type, delta }) => (type === 'response.output_text.delta' ? String(delta) : ''));
    const said = (whole?.output ?? []).flatMap(({ content }) => content ?? []).map(({ text }) => text ?? '');
    return {
      // The end must repeat what was streamed.
      text: mode === 'json' || deltas.join('') === said.join('') ? said.join('') : 'the end repeats something else',
      model: whole?.model ?? null,
      outputTokens: whole?.usage?.output_tokens ?? null,
      finishes: mode === 'json' ? Number(whole?.status === 'completed') : ends.length,
      ids: mode === 'json' ? 1 : count(documents.map(({ response }) => response?.id)),
      ended: mode === 'json' || documents.at(-1)?.type === 'response.completed',
      withheld: false,
      resumedBy: resumedIn(documents),
    };
  },
};

const gemini: Surface = {
  path: (model, mode) =>
    `/v1beta/models/${model}:${mode === 'sse' ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: () => ({ contents: [{ role: 'user', parts: [{ text: story }] }] }),
  read: (documents, mode) => {
    const candidates = documents.flatMap((one) => one.candidates ?? []);
    const finishes = candidates.filter(({ finishReason }) => finishReason).length;
    return {
      text: candidates
        .flatMap(({ content }) => content?.parts ?? [])
        .map(({ text }) => text ?? '')
        .join(''),
      model: last(documents.map(({ modelVersion }) => modelVersion)),
      outputTokens: last(documents.map(({ usageMetadata }) => usageMetadata?.candidatesTokenCount)),
      finishes,
      ids: count(documents.map(({ responseId }) => responseId)),
      // The last candidate says why it is over; what it used, and our note, may follow.
      ended:
        mode === 'json' || documents.findLast((one) => one.candidates)?.candidates?.[0]?.finishReason !== undefined,
      withheld: documents.some(({ promptFeedback }) => promptFeedback?.blockReason !== undefined),
      resumedBy: resumedIn(documents),
    };
  },
};

/** The surfaces by their names. */
export const surfaces = { chat, completions, messages: claude, responses, gemini } as const satisfies Record<
  string,
  Surface
>;
export type SurfaceName = keyof typeof surfaces;
