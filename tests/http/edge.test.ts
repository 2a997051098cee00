// A function behind a distribution: who comes by another way is refused, and callers are told apart by their own addresses.
import { expect, it } from 'vitest';
import { withEdge } from '#lambda/http/edge.ts';
import type { Exchange } from '#lambda/ports.ts';

const SECRET = 'edge-secret-0123456789';

async function ask(secret: string | undefined, headers: Record<string, string>) {
  let seen: string | null | undefined;
  let told: Readonly<Record<string, string>> = {};
  let replied: { status: number; body: string } | null = null;
  const exchange: Exchange = {
    method: 'GET',
    path: '/',
    query: '',
    headers,
    remoteAddress: '130.176.0.1',
    deadlineAtMs: null,
    body: () => Promise.resolve(new Uint8Array()),
    onGone: () => undefined,
    reply: (status) => ({
      write: () => true,
      drained: () => Promise.resolve(),
      end: (last) => void (replied = { status, body: String(last) }),
    }),
  };
  await withEdge(secret, async ({ remoteAddress, headers: passed }) => {
    seen = remoteAddress;
    told = passed;
  })(exchange);
  return { seen, told, replied };
}

it('lets everybody in where there is no distribution, and believes no header about addresses', async () => {
  expect((await ask(undefined, { 'x-forwarded-for': '1.2.3.4' })).seen).toBe('130.176.0.1');
});

it.each([
  ['the last address before that of the distribution', '6.6.6.6, 203.0.113.9, 130.176.0.1', '203.0.113.9'],
  ['the last address', '6.6.6.6, 203.0.113.9', '203.0.113.9'],
  ['the address it comes from, when nothing else is told', '', '130.176.0.1'],
])('takes %s for the caller', async (_, forwarded, caller) => {
  const { seen, told } = await ask(SECRET, { 'x-freeway-edge': SECRET, 'x-forwarded-for': forwarded });
  expect(seen).toBe(caller);
  // Headers of ours are kept with jobs; the secret is for this door alone.
  expect(told).toEqual({ 'x-forwarded-for': forwarded });
});

it.each([{}, { 'x-freeway-edge': '' }, { 'x-freeway-edge': 'edge-secret-0123456780' }])(
  'refuses %j',
  async (headers: Record<string, string>) => {
    const { seen, replied } = await ask(SECRET, headers);
    expect(seen).toBeUndefined();
    expect(replied).toMatchObject({ status: 403, body: expect.stringContaining('distribution') });
    expect(JSON.stringify(replied)).not.toContain(SECRET);
  },
);
