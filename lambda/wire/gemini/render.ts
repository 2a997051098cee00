// Writes replies in the Gemini format: whole ones, and streams chunk by chunk.
import { toInput } from '../anthropic/render.ts';
import { renderFrame } from '../sse.ts';
import type { Json } from '../json.ts';
import type { Answer, ChatQuestion, Finish, ReplyHead } from '../types.ts';
import type { Closing, StreamTool, StreamWriter } from '../writer.ts';
import { renderStreamError } from './error.ts';
import { finishReasons, toUsageJson } from './words.ts';

interface Chunk {
  readonly head: ReplyHead;
  readonly parts: readonly Json[];
  readonly finish?: Finish;
  readonly usage?: Json | null;
  readonly freeway?: Json;
}

function toDocument({ head, parts, finish, usage = null, freeway }: Chunk): Json {
  const candidate = {
    content: { parts, role: 'model' },
    ...(finish === undefined ? {} : { finishReason: finishReasons[finish] }),
    index: 0,
  };
  return {
    candidates: [candidate],
    ...(usage === null ? {} : { usageMetadata: usage }),
    modelVersion: head.model,
    responseId: head.id,
    ...(freeway === undefined ? {} : { freeway }),
  };
}

const toCallPart = (id: string, name: string, text: string): Json => ({
  functionCall: { id, name, args: toInput(text) },
});

/** A whole reply as JSON text. */
export function renderReply(answer: Answer, _: ChatQuestion, freeway?: Readonly<Record<string, unknown>>): string {
  const { content, reasoning, refusal, toolCalls, finish, usage } = answer;
  const text = content + refusal;
  const parts = [
    ...(reasoning === '' ? [] : [{ text: reasoning, thought: true }]),
    ...(text === '' ? [] : [{ text }]),
    ...toolCalls.map((call) => toCallPart(call.id, call.name, call.arguments)),
  ];
  const told = { head: answer, parts, finish: finish ?? 'other', usage: toUsageJson(usage) } as const;
  return JSON.stringify(toDocument(freeway === undefined ? told : { ...told, freeway }));
}

const render = (chunk: Chunk): string => renderFrame(JSON.stringify(toDocument(chunk)));

/** Begins to write a stream. Calls go out whole, as the format has them: at the end, since pieces of several may come side by side. */
export function openWriter(): StreamWriter {
  const calls = new Map<number, { readonly id: string; readonly name: string; readonly text: string }>();
  const addPiece = ({ index, id, name, arguments: text }: StreamTool): void => {
    const known = calls.get(index) ?? { id: id ?? `call_${index}`, name: name ?? '', text: '' };
    calls.set(index, { ...known, text: known.text + text });
  };
  return {
    // The format begins with the first piece.
    start: () => '',
    text: (head, { kind, text }) =>
      render({ head, parts: [kind === 'reasoning' ? { text, thought: true } : { text }] }),
    tool: (_, tool) => {
      addPiece(tool);
      return '';
    },
    holdsCalls: true,
    finish: (head, finish, { usage, freeway }) => {
      const parts = [...calls.values()].map(({ id, name, text }) => toCallPart(id, name, text));
      return render({ head, parts, finish, usage: toUsageJson(usage), freeway });
    },
    passed: null,
    closeAfter: (_, head, { usage, freeway }: Closing) => {
      const counts = toUsageJson(usage);
      return renderFrame(
        JSON.stringify({
          ...(counts === null ? {} : { usageMetadata: counts }),
          modelVersion: head.model,
          responseId: head.id,
          freeway,
        }),
      );
    },
    fail: renderStreamError,
  };
}
