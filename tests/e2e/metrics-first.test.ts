// What rings at its first event stands at zero before it: Prometheus sees an increase only of what it has seen before.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OWNER_KEY, startServer, type Started } from './local.ts';

let server: Started;
beforeAll(async () => {
  server = await startServer([], { FREEWAY_DEMO: 'off' });
});
afterAll(() => server.stop());

const headers = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
const scrape = async (): Promise<string[]> =>
  (await (await fetch(`${server.url}/metrics`, { headers })).text()).split('\n');
const chat = (): Promise<Response> =>
  fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'hello' }] }),
  });

it('the rules of docs/operate.md see the first of each', async () => {
  const first = await scrape();
  for (const line of [
    'freeway_alerts_total{kind="budget"} 0',
    'freeway_alerts_total{kind="quota"} 0',
    'freeway_alerts_total{kind="unusual_use"} 0',
    'freeway_requests_total{operation="chat",result="exhausted",tier="none"} 0',
    'freeway_store_unavailable_total{what="read"} 0',
    'freeway_store_unavailable_total{what="write"} 0',
  ])
    expect(first).toContain(line);
  expect((await chat()).status).toBe(422);
  const second = await scrape();
  expect(second).toContain('freeway_requests_total{operation="chat",result="no_candidate",tier="none"} 1');
  expect(second).toContain('freeway_requests_total{operation="chat",result="exhausted",tier="none"} 0');
});
