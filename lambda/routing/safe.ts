// What is spent although it was kept for later, where the alternative may be gone by the time the call arrives.
import { challenge, toLeader, type Order } from './order.ts';
import { isContested, isDoubtful } from './thrift.ts';

/**
 * Quota that is spent no further ahead of its time than this may be spent rather than risk a refusal: a little where somebody might use the
 * key too, more where others are known to.
 */
const ON_TIME = { perhaps: 0.02, known: 0.05 } as const;

/**
 * The best of those kept for later that is surely there and not spent ahead of its time, to be asked instead of `best`, which is doubtful;
 * -1 when there is none.
 */
export function findSafe(best: number, isKeptForLater: (index: number) => boolean, order: Order): number {
  const { input } = order;
  const leader = toLeader(order);
  const onTime = isContested(best, input, 'othersAtWorst') ? ON_TIME.known : ON_TIME.perhaps;
  for (const [index, { overdraft }] of input.standings.entries()) {
    if (overdraft === null || overdraft > onTime || !isKeptForLater(index) || isDoubtful(index, input)) continue;
    challenge(leader, index, { order });
  }
  return leader.index;
}
