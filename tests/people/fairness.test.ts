// Shares of people in quota that all of them ask for: equal while it is contended, and all of it for whoever asks alone.
import { describe, expect, it } from 'vitest';
import { createHouse, type Answer, type House } from './house.ts';

const EMAILS = ['ada', 'bob', 'cleo', 'dan', 'eve'].map((name) => `${name}@example.com`);
const PER_MINUTE = 60;
const MINUTES = 6;

const openHouse = (): Promise<House> =>
  createHouse({
    env: { GOOGLE_CLIENT_ID: 'client', ALLOWED_EMAILS: '*@example.com' },
    entry: {
      pools: [
        {
          models: ['*'],
          scope: 'credential',
          unit: 'requests',
          max: PER_MINUTE,
          clock: { kind: 'rolling', seconds: 60 },
        },
      ],
    },
  });

/** (sum x)^2 / (n * sum x^2): 1 when all have the same, 1/n when one has everything. */
function toJain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}

/** So many requests of each person at once; how many of each were served within the time. */
async function ask(house: House, requests: readonly number[]): Promise<number[]> {
  const served = requests.map(() => 0);
  const all: Promise<unknown>[] = [];
  for (const [index, count] of requests.entries()) {
    const headers = await house.session(EMAILS[index] ?? '');
    const one = async (): Promise<void> => {
      const answer: Answer = await house.chat(headers, { max_tokens: 5, freeway: { max_wait_ms: 600_000 } });
      const waitedMs = Number(answer.headers['x-freeway-wait-ms']);
      if (answer.status === 200 && waitedMs <= MINUTES * 60_000) served[index] = (served[index] ?? 0) + 1;
    };
    for (let number = 0; number < count; number++) all.push(one());
  }
  await Promise.all(all);
  return served;
}

describe('people who share a pool', () => {
  it('have equal shares while all want more than there is, however much more some ask for', async () => {
    const shares = await ask(await openHouse(), [500, 120, 120, 120, 120]);
    const total = shares.reduce((sum, share) => sum + share, 0);
    // Nothing is left unused for the sake of fairness.
    expect(total).toBeGreaterThanOrEqual(PER_MINUTE * MINUTES * 0.95);
    expect(toJain(shares), String(shares)).toBeGreaterThanOrEqual(0.95);
  });

  it('leave all of it to whoever asks alone, and what others do not want to those who do', async () => {
    const alone = await ask(await openHouse(), [450]);
    expect(alone[0]).toBeGreaterThanOrEqual(PER_MINUTE * MINUTES * 0.95);
    const [much = 0, ...little] = await ask(await openHouse(), [450, 10, 10]);
    expect(little).toEqual([10, 10]);
    expect(much + 20).toBeGreaterThanOrEqual(PER_MINUTE * MINUTES * 0.95);
  });
});
