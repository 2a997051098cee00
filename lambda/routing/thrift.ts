// What is spared for later: quota that lasts for hours or days, larger models than needed, and what others may take first.
import type { DecideInput, Standing } from './decide.ts';
import type { PoolUnit } from '#shared/pools.ts';
import { cautious, estimatedUnits } from './pools-caution.ts';
import { needOf, type Asked } from './profile.ts';

/** Long-lasting quota that is this far behind its time, or further, need not be spared. */
const PLENTY = -0.4;

/**
 * From where on scarcity of free quota (see `scarcityOf`) changes what is spared. Over a day (npm run simulate) it is mostly between 0.5 and 0.9
 * at a demand of 60 % of what is free, between 0.7 and 1.4 at 85 %, and above 1.5 at 120 %.
 *
 * `scarce`: whoever can wait a little for quota that comes back within minutes spares all that lasts longer, and takes the last place of a limit
 * too, where nobody is known to use a key but us. `dire`: others who use a key get no precedence, since a refusal now and then costs less than
 * what is left to them for nothing.
 */
const levels = { scarce: 1, dire: 1.5 } as const;

/** Whether free quota is as scarce as that, as far as anybody knows. */
export const isAt = (level: keyof typeof levels, { scarcity }: Pick<DecideInput, 'scarcity'>): boolean =>
  (scarcity ?? 0) > levels[level];

/** Whether what this call needs may be gone by the time it arrives, since others use the pools too: probably enough to matter, or at worst. */
export function isContested(index: number, input: DecideInput, how: 'others' | 'othersAtWorst' = 'others'): boolean {
  const { candidates, standings, profile } = input;
  const standing = standings[index];
  if (!standing?.shared || isAt('dire', input)) return false;
  const candidate = candidates[index];
  if (!candidate) return false;
  const { limits, ratio, caution } = standing;
  return limits.some((limit) => {
    const { unit, room, most } = limit;
    const taken = limit[how];
    const need = needOf(unit, profile, { candidate, ratio }) ?? 0;
    return taken > 0 && cautious(need, { unit, max: most, caution }) + taken > room;
  });
}

/** Places that others may take at once, where nobody knows yet who else uses a key. */
const FEW_PLACES = 2;

/**
 * Whether what this call needs may not be there when it arrives, at worst: others use the pools too, it is one of the last places of a limit while
 * there is plenty elsewhere, or the call may turn out to need more than is left.
 */
export function isDoubtful(index: number, input: DecideInput): boolean {
  const [candidate, standing] = [input.candidates[index], input.standings[index]];
  if (candidate === undefined || standing === undefined) return false;
  const { limits, ratio, caution } = standing;
  const few = isAt('scarce', input) ? 0 : FEW_PLACES;
  for (const { unit, room } of limits) {
    if (unit === 'requests' ? room < few : isShort({ unit, room, candidate, ratio, caution }, input)) return true;
  }
  return isContested(index, input, 'othersAtWorst');
}

/** Caution asks for no more than a limit allows at all; what it would ask for beyond that is the risk of a refusal. */
const isShort = (
  { unit, room, candidate, ratio, caution }: { unit: PoolUnit; room: number; caution: number } & Asked,
  { profile }: DecideInput,
): boolean => estimatedUnits.has(unit) && (needOf(unit, profile, { candidate, ratio }) ?? 0) * caution > room;

/** Whether quota that lasts for hours or days should last longer than it would. */
export const isSpentAhead = ({ overdraft }: Standing): boolean => overdraft !== null && overdraft > PLENTY;

/** Whether the candidate is better left alone: others may be faster, or its quota should last longer. */
export function isKept(index: number, input: DecideInput): boolean {
  const standing = input.standings[index];
  if (standing === undefined) return false;
  const isSpared = isAt('scarce', input) ? standing.overdraft !== null : isSpentAhead(standing);
  return isSpared || isContested(index, input);
}

/** Steps in which an overdraft counts. */
const STEPS = 20;
/** Larger models than needed are kept as if a fifth of their day were overdrawn. */
export const OVERSIZE_STEPS = STEPS / 5;
/** Quota this far behind its time will hardly be used up before it comes back. */
const BEHIND = -0.15;

/** Whether some of what lasts for hours or days would be left over when it comes back: that is spent first. */
export const isLeftOver = ({ overdraft }: Standing): boolean => overdraft !== null && overdraft < BEHIND;

/**
 * How much a candidate should be kept for later. Not at all when its quota comes back soon, or would be left over when it does; quota that
 * lasts for hours or days waits for moments when that is used up, the more the further it is spent ahead of its time, and larger models
 * wait for the requests that need them.
 */
export function keepOf(standing: Standing, isOversize: boolean): number {
  const { overdraft } = standing;
  if (overdraft === null) return 0;
  const forLarger = isOversize ? OVERSIZE_STEPS : 0;
  if (isLeftOver(standing)) return forLarger;
  return 1 + Math.max(0, Math.ceil(overdraft * STEPS)) + forLarger;
}
