// Decisions that are kept for those who want to know why: told as they were taken, to whoever asked, and to nobody else.
import { expect, it } from 'vitest';
import { createHouse, owner } from './house.ts';

interface Told {
  readonly jitter: number;
  readonly plan: readonly { readonly route: string }[];
  readonly candidates: readonly {
    readonly route: string;
    readonly rejected: string | null;
    readonly position: number | null;
  }[];
}

const explained = { ...owner, 'x-freeway-explain': '1' };

it('tells each decision of a request as it stood then', async () => {
  const house = await createHouse({ spec: { models: [{ id: 'm1' }, { id: 'm2' }] } });
  house.provider.script(['reset']);
  const answer = await house.chat(explained, { model: 'auto' });
  expect(answer.headers['x-freeway-attempts']).toBe('2');
  const id = answer.headers['x-freeway-request-id'] ?? '';
  const { status, json } = await house.ask(`GET /api/receipts/${id}/decisions`, { headers: owner });
  expect(status).toBe(200);
  const [first, second, ...more] = json['decisions'] as Told[];
  expect(more).toEqual([]);
  expect(first?.plan).toHaveLength(2);
  // The one that failed is out of the second decision, and was the first of the first.
  const failed = first?.plan[0]?.route;
  expect(second?.candidates.find(({ route }) => route === failed)).toMatchObject({
    rejected: 'already_tried',
    position: null,
  });
  expect(answer.headers['x-freeway-route']).toBe(second?.plan[0]?.route);
});

it('keeps them also when nobody could answer, and none for those who did not ask', async () => {
  const house = await createHouse({ spec: { models: [{ id: 'm1', fault: 'missing' }, { id: 'm2' }] } });
  const failed = await house.chat(explained, { model: 'm1', freeway: { max_wait_ms: 0 } });
  expect(failed.status).toBeGreaterThanOrEqual(500);
  const read = async (id = ''): Promise<number> =>
    (await house.ask(`GET /api/receipts/${id}/decisions`, { headers: owner })).status;
  expect(await read(failed.headers['x-freeway-request-id'])).toBe(200);
  const plain = await house.chat(owner, { model: 'm2' });
  expect(await read(plain.headers['x-freeway-request-id'])).toBe(404);
});

it('are nobody else’s, and gone after a week', async () => {
  const env = { GOOGLE_CLIENT_ID: 'client', ALLOWED_EMAILS: 'ada@example.com,bob@example.com' };
  const house = await createHouse({ env });
  const [ada, bob] = [await house.session('ada@example.com'), await house.session('bob@example.com')];
  const answer = await house.chat({ ...ada, 'x-freeway-explain': '1' }, { model: 'm1' });
  const line = `GET /api/receipts/${answer.headers['x-freeway-request-id']}/decisions`;
  expect((await house.ask(line, { headers: ada })).status).toBe(200);
  expect((await house.ask(line, { headers: bob })).status).toBe(404);
  await house.clock.advance(7 * 86_400_000 + 1);
  expect((await house.ask(line, { headers: owner })).status).toBe(404);
});
