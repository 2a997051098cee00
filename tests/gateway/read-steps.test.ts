// An answer of several calls: whoever reads it hears one reply, and nothing of a call that was given up for the next.
import { expect, it } from 'vitest';
import type { FurtherCall, ReplyReader } from '#lambda/gateway/operation.ts';
import { createStepsReader } from '#lambda/gateway/read-steps.ts';
import { UpstreamError } from '#lambda/ports.ts';
import { chatWires } from '#lambda/wire/index.ts';

const wire = await chatWires.predictions();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('the end of a stream that its provider leaves open is no end of the attempt', () => {
  const heard: string[] = [];
  const asked: FurtherCall[] = [];
  const first = createStepsReader({
    wire,
    steps: wire.openSteps!(),
    reader: {
      onHead: (status) => void heard.push(String(status)),
      onData: (chunk) => void heard.push(Buffer.from(chunk).toString()),
      onEnd: () => void heard.push('end'),
      onError: ({ kind }) => void heard.push(kind),
    },
    context: {
      ask: (further) => {
        asked.push(further);
        // As a connection does: at once.
        readers.at(-1)?.onError(new UpstreamError('cancelled', 'the call was given up', true));
        readers.push(further.reader!);
      },
    },
  });
  const readers: ReplyReader[] = [];
  const urls = { stream: 'https://stream.example/v1/files/abc' };
  first.onHead(201, { 'content-type': 'application/json' });
  first.onData(bytes(JSON.stringify({ id: 'p1', status: 'starting', urls })));
  first.onEnd();
  readers[0]?.onHead(200, { 'content-type': 'text/event-stream' });
  readers[0]?.onData(bytes('event: output\ndata: Hi\n\nevent: done\ndata: {}\n\n'));
  readers[0]?.onData(bytes(':408: 408 Request Timeout\n\n'));
  readers[0]?.onEnd();
  expect(heard).toEqual(['200', 'event: output\ndata: Hi\n\n']);
  const prediction = { id: 'p1', status: 'succeeded', output: ['Hi'], metrics: { output_token_count: 1 } };
  readers[1]?.onHead(200, { 'content-type': 'application/json' });
  readers[1]?.onData(bytes(JSON.stringify(prediction)));
  readers[1]?.onEnd();
  expect(heard.slice(2)).toEqual([`event: prediction\ndata: ${JSON.stringify(prediction)}\n\n`, 'end']);
  expect(asked.map(({ call: { method, path, auth } }) => [method, path, auth])).toEqual([
    ['GET', urls.stream, { scheme: 'none' }],
    ['GET', '/predictions/p1', undefined],
  ]);
  expect(asked.map(({ undo }) => undo?.path ?? null)).toEqual(['/predictions/p1/cancel', null]);
});

it.each([
  'http://stream.example/v1/files/abc',
  'https://key@stream.example/v1',
  'https://stream.example/v1?to=else',
  'file:///etc/passwd',
])('an address of events such as %s is not followed: the prediction is looked at', (stream) => {
  const step = wire.openSteps!().afterReply(JSON.stringify({ id: 'p1', status: 'starting', urls: { stream } }));
  expect(step?.call.path).toBe('/predictions/p1');
});

it('an id that leads elsewhere is followed nowhere', () => {
  expect(wire.openSteps!().afterReply(JSON.stringify({ id: '../../account', status: 'starting' }))).toBeNull();
});
