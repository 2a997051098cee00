// The first content of a stream goes out before the rest of what came with it is looked at, whatever formats lie between.
import { describe, expect, it } from 'vitest';
import { createChatReader } from '#lambda/gateway/read-chat.ts';
import type { AttemptOutcome } from '#lambda/gateway/operation.ts';
import { createRescue } from '#lambda/gateway/rescue.ts';
import { loadRetelling } from '#lambda/gateway/retelling.ts';
import { dialects, loadChatWires } from '#lambda/wire/index.ts';
import { createFakeClock } from '../fakes/clock.ts';

const wires = await loadChatWires();
const retelling = await loadRetelling();
const encoder = new TextEncoder();

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'm1',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })}\n\n`;

const words = Array.from({ length: 200 }, (_, index) => `wörd${index} `);
const content = words.map((word) => chunk({ content: word })).join('');
const end = `${chunk({}, 'stop')}data: [DONE]\n\n`;

interface Coming {
  /** Whether the caller takes more at once. */
  readonly canWrite?: boolean;
  readonly mediaType?: string;
  /** Whether the caller has asked for a stream. */
  readonly stream?: boolean;
}

/** What the caller is written, piece by piece, when the provider's stream comes in these pieces. */
function read(
  caller: 'openai-chat' | 'anthropic',
  pieces: readonly string[],
  { canWrite = true, mediaType = 'text/event-stream', stream = true }: Coming = {},
) {
  const callerWire = wires[caller];
  const question = callerWire.parseQuestion({
    model: 'm1',
    max_tokens: 100,
    stream,
    messages: [{ role: 'user', content: 'hello' }],
  });
  const clock = createFakeClock();
  const written: string[] = [];
  const decoder = new TextDecoder();
  const note = (text: Uint8Array | string): number =>
    written.push(typeof text === 'string' ? text : decoder.decode(text, { stream: true }));
  let outcome: Omit<AttemptOutcome, 'ms' | 'firstContentMs'> | null = null;
  let pauses = 0;
  const reader = createChatReader(
    {
      question,
      wire: wires['openai-chat'],
      model: 'm1',
      callerWire,
      writer: callerWire.openWriter(question),
      tellsRefusals: false,
      dropped: [],
      mended: [],
      dialect: dialects.openai,
      rescue: createRescue([], true),
      retelling,
      context: {
        nowMs: clock.now,
        progress: () => undefined,
        commit: () => ({
          write: (text) => {
            note(text);
            return canWrite;
          },
          drained: () => new Promise(() => undefined),
          end: (text) => void note(text ?? ''),
        }),
        pause: () => void pauses++,
        resume: () => undefined,
        ask: () => undefined,
        finish: (ended) => void (outcome = ended),
        closing: (usage) => ({
          usage,
          freeway: { route: 'a/m1', credential: 'a', tier: 'free', cost_usd: 0, attempts: 1 },
        }),
      },
    },
    null,
  );
  reader.onHead(200, { 'content-type': mediaType });
  for (const piece of pieces) reader.onData(encoder.encode(piece));
  reader.onEnd();
  return { written, pauses, outcome: outcome as Omit<AttemptOutcome, 'ms' | 'firstContentMs'> | null };
}

/** What does not depend on how it was cut. */
const textOf = (written: readonly string[]): string => written.join('').replaceAll(/"id":"[^"]*"/g, '"id":""');

describe.each(['openai-chat', 'anthropic'] as const)('a stream told in the format of %s', (caller) => {
  it('begins with the first content, though two hundred came at once', () => {
    const { written, outcome } = read(caller, [chunk({ role: 'assistant', content: '' }) + content + end]);
    const first = written.find((text) => text.includes('wörd0 ')) ?? '';
    expect(first).not.toContain('wörd20 ');
    expect(textOf(written)).toContain('wörd199 ');
    expect(outcome).toMatchObject({ failure: null, committed: true, seenTokens: 200 });
  });

  it('is the same however it comes', () => {
    const whole = chunk({ role: 'assistant', content: '' }) + content + end;
    const atOnce = textOf(read(caller, [whole]).written);
    for (const size of [1, 7, 1_000, 1_024, 4_096, 4_097, 5_000])
      expect(textOf(read(caller, whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).written)).toBe(atOnce);
  });

  it('finds the first content behind much that is none, and behind a caller who is slow', () => {
    const silence = ': still working\n\n'.repeat(400);
    const { written, pauses, outcome } = read(caller, [silence + content + end], { canWrite: false });
    expect(textOf(written)).toContain('wörd199 ');
    expect(pauses).toBeGreaterThan(0);
    expect(outcome).toMatchObject({ failure: null, seenTokens: 200 });
  });

  it('takes a first frame of any length', () => {
    const long = 'wörd '.repeat(30_000);
    const { written, outcome } = read(caller, [chunk({ content: long }) + content + end]);
    expect(textOf(written)).toContain('wörd199 ');
    expect(outcome).toMatchObject({ failure: null, committed: true, seenTokens: 201 });
  });

  it.each(['Text/Event-Stream', 'text/plain; charset=utf-8', 'application/octet-stream', ''])(
    'is known by its first words where the provider calls it %j',
    (mediaType) => {
      const whole = chunk({ role: 'assistant', content: '' }) + content + end;
      for (const pieces of [[whole], [`: hello\n\n`, whole], [whole.replaceAll('data: ', 'data:')]])
        expect(textOf(read(caller, pieces, { mediaType }).written)).toContain('wörd199 ');
      const { written } = read(caller, [whole], { mediaType, stream: false });
      expect(textOf(written)).toContain('wörd198 wörd199 ');
    },
  );

  it.each(['', 'text/plain'])('is no stream where it does not begin like one, called %j', (mediaType) => {
    const message = { role: 'assistant', content: 'data: whole' };
    const whole = JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] });
    expect(textOf(read(caller, [whole], { mediaType }).written)).toContain('data: whole');
    expect(read(caller, [], { mediaType }).outcome?.failure).not.toBeNull();
  });

  it('takes a picture of many megabytes in one event, in no more time than its bytes need', () => {
    const piece = 'A'.repeat(16_384);
    const start = chunk({ content: 'wörd0 ' });
    const [head = '', tail = ''] = chunk({ content: 'PICTURE' }).split('PICTURE');
    const many = caller === 'openai-chat' ? 1_024 : 32;
    const before = process.cpuUsage();
    const { written, outcome } = read(caller, [start, head, ...Array.from({ length: many }, () => piece), tail, end]);
    expect(outcome).toMatchObject({ failure: null, seenTokens: 2 });
    expect(written.join('').split('A').length).toBeGreaterThan(many * 16_384);
    // By copying and searching all of it again with each piece it would be ten seconds of processor time, whatever else the machine does.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(4);
  });

  it('tells nothing of what broke before there was any', () => {
    const failed = `data: {"error":{"message":"overloaded","code":503}}\n\n${': x\n\n'.repeat(2_000)}`;
    const { written, outcome } = read(caller, [failed]);
    expect(written).toEqual([]);
    expect(outcome?.failure).not.toBeNull();
  });
});

it('an event without an end is given up before it fills the memory', () => {
  const piece = 'A'.repeat(1_048_576);
  const { written, outcome } = read('openai-chat', ['data: {"', ...Array.from({ length: 70 }, () => piece)]);
  expect(written).toEqual([]);
  expect(outcome?.failure).toMatchObject({ kind: 'bad_reply' });
});
