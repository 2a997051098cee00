// Writes replies in the Gemini format: whole ones, and streams chunk by chunk.
import { toInput } from '../anthropic/render.ts';
import { renderFrame } from '../sse.ts';
import type { Json } from '../json.ts';
import { withSignature } from '../signatures.ts';
import type { Answer, ChatQuestion, Finish, ReplyHead, ToolCall } from '../types.ts';
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

const toCallPart = ({ id, name, arguments: text, signature }: ToolCall): Json => ({
  functionCall: { id, name, args: toInput(text) },
  ...(signature === undefined ? {} : { thoughtSignature: signature }),
});

/** A whole reply as JSON text. */
export function renderReply(answer: Answer, _: ChatQuestion, freeway?: Readonly<Record<string, unknown>>): string {
  const { content, reasoning, refusal, toolCalls, finish, usage } = answer;
  const text = content + refusal;
  const parts = [
    ...(reasoning === '' ? [] : [{ text: reasoning, thought: true }]),
    ...(text === '' ? [] : [{ text }]),
    ...toolCalls.map(toCallPart),
  ];
  const told = { head: answer, parts, finish: finish ?? 'other', usage: toUsageJson(usage) } as const;
  return JSON.stringify(toDocument(freeway === undefined ? told : { ...told, freeway }));
}

const render = (chunk: Chunk): string => renderFrame(JSON.stringify(toDocument(chunk)));

/** Begins to write a stream. Calls go out whole, as the format has them: at the end, since pieces of several may come side by side. */
export function openWriter(): StreamWriter {
  const calls = new Map<number, ToolCall>();
  const addPiece = ({ index, id, name, arguments: text, signature }: StreamTool): void => {
    const begun = { id: id ?? `call_${index}`, name: name ?? '', arguments: '', ...withSignature(signature) };
    const known = calls.get(index) ?? begun;
    calls.set(index, { ...known, arguments: known.arguments + text });
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
      const parts = [...calls.values()].map(toCallPart);
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
