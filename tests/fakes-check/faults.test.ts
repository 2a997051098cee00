// Every fault does what its name says, seen over a real socket.
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { faultNames, toFault } from '../fakes/provider/faults.ts';
import { type FakeServer, serveFakeProvider } from '../fakes/provider/server.ts';
import { ask, eventsOf, finishesOf, type Seen, textOf } from './client.ts';

const provider = createFakeProvider(
  { name: 'faulty', models: [{ id: 'm', ttftMs: 5, tokensPerSecond: 20_000, rejectsFields: ['logit_bias'] }] },
  { now: Date.now },
);
let server: FakeServer;
beforeAll(async () => void (server = await serveFakeProvider(provider)));
afterAll(() => server.close());

const messages = [{ role: 'user', content: 'Tell me.' }];
/** After so much silence a reply stands still: longer than this process ever does. */
const SILENCE_MS = 600;
function call(fault: string, more: Record<string, unknown> = {}): Promise<Seen> {
  const model = fault === '' ? 'm' : `m--${fault}`;
  const patienceMs = /stall|silent|late$/.test(fault) ? SILENCE_MS : undefined;
  return ask({
    url: `${server.baseUrl}/chat/completions`,
    body: { model, messages, stream: true, ...more },
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
}
const json = (fault: string, more: Record<string, unknown> = {}): Promise<Seen> =>
  call(fault, { stream: false, ...more });
const words = (text: string): number => text.split(/\s+/).filter(Boolean).length; // prettier-ignore

describe('without a fault', () => {
  it('streams sixty words, a finish, usage when asked for, and [DONE]', async () => {
    const seen = await call('', { stream_options: { include_usage: true } });
    expect(textOf(seen.body)).toBe(canonicalAnswer);
    expect(words(canonicalAnswer)).toBe(60);
    expect(finishesOf(seen.body)).toEqual(['stop']);
    expect(eventsOf(seen.body).at(-1)).toBe('[DONE]');
    const tokens = Math.ceil(canonicalAnswer.length / 4);
    expect(eventsOf(seen.body).at(-2)).toMatchObject({ choices: [], usage: { completion_tokens: tokens } });
  });

  it('answers JSON', async () => {
    const seen = await json('');
    expect(seen).toMatchObject({ status: 200, end: 'end' });
    expect(JSON.parse(seen.body)).toMatchObject({ choices: [{ message: { content: canonicalAnswer } }] });
  });
});

describe('refusals', () => {
  it.each([
    ['429', 429, 'requests'],
    ['500', 500, 'server_error'],
    ['503', 503, 'overloaded_error'],
    ['529', 529, 'overloaded_error'],
    ['context', 400, 'context_length_exceeded'],
    ['filter', 400, 'content_filter'],
    ['quota', 429, 'insufficient_quota'],
    ['quota-402', 402, 'insufficient_quota'],
    ['quota-403', 403, 'insufficient_quota'],
    ['quota-400', 400, 'insufficient_quota'],
    ['bad-key', 401, 'invalid_api_key'],
    ['forbidden', 403, 'permission_denied'],
    ['missing', 404, 'model_not_found'],
    ['gone', 404, 'model_decommissioned'],
    ['gone-410', 410, 'model_decommissioned'],
    ['too-large', 413, 'Request too large'],
  ])('%s answers %d', async (fault, status, words) => {
    const seen = await call(fault);
    expect(seen).toMatchObject({ status, end: 'end' });
    expect(seen.body).toContain(words);
  });

  it('says when to come back in the form asked for', async () => {
    expect((await call('429')).headers['retry-after']).toBeUndefined();
    expect((await call('429-after-2')).headers['retry-after']).toBe('2');
    expect((await call('429-ms-1500')).headers['retry-after-ms']).toBe('1500');
    const date = Date.parse((await call('429-date-90')).headers['retry-after'] ?? '');
    expect(Math.abs(date - Date.now() - 90_000)).toBeLessThan(5000);
    expect((await call('429-text-75')).body).toContain('try again in 1m15s');
    expect((await call('429-gemini-26')).body).toContain('"retryDelay":"26s"');
    expect((await call('429-day')).status).toBe(429);
  });

  it('refuses a field only when it is there, naming it', async () => {
    const refused = await json('', { logit_bias: {} });
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.body)).toMatchObject({ error: { param: 'logit_bias' } });
    expect((await json('field-temperature', { temperature: 1 })).status).toBe(400);
    expect((await json('field-temperature')).status).toBe(200);
  });

  it('refuses a prefill only when there is one', async () => {
    const prefilled = { messages: [...messages, { role: 'assistant', content: 'Once upon a time' }] };
    expect((await call('prefill', prefilled)).status).toBe(400);
    expect((await call('prefill')).status).toBe(200);
    expect(textOf((await call('', prefilled)).body)).toBe(canonicalAnswer.slice('Once upon a time'.length));
  });

  it('strikes first requests only, or up and down in turn', async () => {
    const statuses = [await json('first-2-503'), await json('first-2-503'), await json('first-2-503')];
    expect(statuses.map(({ status }) => status)).toEqual([503, 503, 200]);
    expect((await json('flap-3600000-1-503')).status).toBe(503);
    expect((await json('flap-1-3600000-503')).status).toBe(200);
  });

  it('follows a script, request by request', async () => {
    provider.script(['503', 'ok', '429-after-1']);
    const seen = [await json(''), await json(''), await json(''), await json('')];
    expect(seen.map(({ status }) => status)).toEqual([503, 200, 429, 200]);
  });
});

describe('broken connections', () => {
  it.each([
    ['reset', { status: null, end: 'reset' }],
    ['reset-after-head', { status: 200, end: 'reset', body: '' }],
    ['silent', { status: null, end: 'stall' }],
    ['late', { status: 200, end: 'stall' }],
  ])('%s', async (fault, outcome) => {
    expect(await call(fault)).toMatchObject(outcome);
  });

  it('sends the head in time and the first token late', async () => {
    const seen = await call('late-80');
    expect(textOf(seen.body)).toBe(canonicalAnswer);
    expect(textOf(seen.parts[0]?.toString() ?? '')).toBe('');
    expect(seen.end).toBe('end');
  });

  it.each([
    ['cut-40', 'reset', 40],
    ['cut-clean-40', 'end', 40],
    ['stall-20', 'stall', 20],
  ])('%s breaks after the words it names', async (fault, end, count) => {
    const seen = await call(fault);
    expect(seen.end).toBe(end);
    expect(words(textOf(seen.body))).toBe(count);
    expect(canonicalAnswer.startsWith(textOf(seen.body))).toBe(true);
    expect(finishesOf(seen.body)).toEqual([]);
  });

  it.each(['cut-byte-777', 'cut-clean-byte-777', 'stall-byte-777'])('%s stops at that byte', async (fault) => {
    expect((await call(fault)).body.length).toBe(777);
  });

  it('cuts a JSON body too', async () => {
    const seen = await json('cut-clean');
    expect(seen.end).toBe('end');
    expect(() => JSON.parse(seen.body)).toThrow(SyntaxError);
  });
});

describe('bodies that lie', () => {
  it('malformed: one event is no JSON, the text is whole', async () => {
    const seen = await call('malformed-3');
    expect(eventsOf(seen.body).filter((event) => typeof event === 'string')).toHaveLength(2);
    expect(textOf(seen.body)).toBe(canonicalAnswer);
  });

  it('split-utf8: every multi-byte character arrives in two parts', async () => {
    const seen = await call('split-utf8');
    expect(textOf(seen.body)).toContain('日本語 😀🚀');
    expect(seen.parts.filter((part) => (part[0] ?? 0) >> 6 === 2).length).toBeGreaterThan(5);
  });

  it('no-done, duplicate-finish, empty, no-usage', async () => {
    expect((await call('no-done')).body).not.toContain('[DONE]');
    expect(finishesOf((await call('duplicate-finish')).body)).toEqual(['stop', 'stop']);
    expect(textOf((await call('empty')).body)).toBe('');
    expect(JSON.parse((await json('empty')).body)).toMatchObject({ choices: [{ message: { content: '' } }] });
    expect((await call('no-usage', { stream_options: { include_usage: true } })).body).not.toContain('usage');
    expect(JSON.parse((await json('no-usage')).body)).not.toHaveProperty('usage');
  });

  it('errors with status 200', async () => {
    const stream = await call('error-200');
    expect(stream.status).toBe(200);
    expect(eventsOf(stream.body)).toMatchObject([{ error: { code: 'overloaded' } }]);
    expect(JSON.parse((await json('error-200')).body)).toMatchObject({ error: { code: 'overloaded' } });
    const middle = await call('error-mid-12');
    expect(words(textOf(middle.body))).toBe(12);
    expect(eventsOf(middle.body).at(-1)).toHaveProperty('error');
  });

  it('html, gzip, giant', async () => {
    const html = await call('html');
    expect(html).toMatchObject({ status: 200, headers: { 'content-type': 'text/html' } });
    const packed = await json('gzip');
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(JSON.parse(gunzipSync(Buffer.concat(packed.parts)).toString())).toHaveProperty('choices');
    const giant = await call('giant-400000');
    expect(giant.body.length).toBeGreaterThan(400_000);
    expect(textOf(giant.body)).toBe(canonicalAnswer);
  });

  it('cut-arguments: the tool call never becomes whole', async () => {
    const tools = [{ type: 'function', function: { name: 'weather', parameters: {} } }];
    const asked = [{ role: 'user', content: 'call tool weather with {"city": "Reykjavik", "unit": "celsius", "days": 5}' }];
    const args = async (fault: string): Promise<string> => {
      const { body } = await call(fault, { tools, messages: asked });
      return eventsOf(body)
        .map((event) => (event as { choices?: { delta?: { tool_calls?: { function: { arguments: string } }[] } }[] }).choices?.[0]?.delta?.tool_calls?.[0]?.function.arguments ?? '')
        .join('');
    };
    expect(JSON.parse(await args(''))).toEqual({ city: 'Reykjavik', unit: 'celsius', days: 5 });
    const cut = await args('cut-arguments');
    expect(cut).toMatch(/^\{"city"/);
    expect(() => JSON.parse(cut)).toThrow(SyntaxError);
  }); // prettier-ignore
});

describe('the server', () => {
  it('writes down what it broke and what callers gave up, and leaves no socket behind', async () => {
    const own = createFakeProvider({ name: 'own', models: [{ id: 'm', ttftMs: 1 }] }, { now: Date.now });
    const shell = await serveFakeProvider(own);
    const url = `${shell.baseUrl}/chat/completions`;
    await ask({ url, body: { model: 'm--cut-2', messages, stream: true } });
    const silent = ask({ url, body: { model: 'm--silent', messages }, patienceMs: SILENCE_MS });
    await silent;
    await ask({ url, body: { model: 'm--stall-1', messages, stream: true }, patienceMs: SILENCE_MS });
    await shell.close();
    expect(shell.openSockets()).toBe(0);
    expect(own.books().total()).toMatchObject({ accepted: 3, broken: 1, abandoned: 2, served: 0 });
  });

  it('knows every fault by name and refuses others', () => {
    for (const name of faultNames) expect(toFault(name)).toHaveProperty('kind');
    expect(() => toFault('nonsense-7')).toThrow('Unknown fault');
  });
});
