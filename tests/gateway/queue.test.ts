// Requests that wait for the same quota try one after the other, in the order in which they came.
import { describe, expect, it } from 'vitest';
import { createQueue } from '#lambda/gateway/queue.ts';

describe('a queue', () => {
  it('lets one try at a time, the earliest ticket first', async () => {
    const queue = createQueue();
    const [first, second, third] = [queue.ticket(), queue.ticket(), queue.ticket()];
    const events: string[] = [];
    const act = (name: string) => async () => {
      events.push(`${name} in`);
      await Promise.resolve();
      events.push(`${name} out`);
    };
    await Promise.all([
      queue.inTurn(third, act('third')),
      queue.inTurn(second, act('second')),
      queue.inTurn(first, act('first')),
    ]);
    // The third came to an empty room; after it tickets count.
    expect(events).toEqual(['third in', 'third out', 'first in', 'first out', 'second in', 'second out']);
  });

  it('goes on after somebody failed, and tells who failed', async () => {
    const queue = createQueue();
    const failing = queue.inTurn(queue.ticket(), () => Promise.reject(new Error('no luck')));
    const next = queue.inTurn(queue.ticket(), () => Promise.resolve('served'));
    await expect(failing).rejects.toThrow('no luck');
    await expect(next).resolves.toBe('served');
    await expect(queue.inTurn(queue.ticket(), () => Promise.resolve('later'))).resolves.toBe('later');
  });
});
