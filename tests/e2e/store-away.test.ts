// While the store does not answer, whoever wants to change something is told so, and the log says why.
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { OWNER_KEY, startServer, type Started } from './local.ts';

let freeway: Started;
afterEach(() => freeway.stop());

it('tells that the store is away instead of nothing, and the reason where operators look', async () => {
  freeway = await startServer([], { FREEWAY_DEMO: 'off' });
  const db = new DatabaseSync(join(freeway.folder, 'freeway.sqlite'));
  db.exec('DROP TABLE items');
  db.close();
  const reply = await fetch(`${freeway.url}/api/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: '{"name":"program"}',
  });
  expect(reply.status).toBe(500);
  const { error } = (await reply.json()) as { error: { message: string; request_id: string } };
  expect(error).toMatchObject({ code: 'internal', retryable: true });
  expect(error.message).toMatch(/store does not answer.*Try again.*request id req_/);
  expect(error.message).toContain(error.request_id);
  const line = freeway.logs.find((one) => one.includes('request.failed'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({
    request_id: error.request_id,
    error: 'StoreUnavailable',
    what: expect.stringMatching(/freeway\.sqlite: no such table.*put a backup in its place/),
  });
});
