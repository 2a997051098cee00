// Who could serve a request of a kind at whatever time: what is judged by the fleet and the request's wishes alone, and remembered.
import { capabilityIds, modelKinds } from '#shared/catalog.ts';
import { toBorne } from './borne.ts';
import { toMask } from './capabilities.ts';
import type { DecideInput } from './decide.ts';
import type { Lane } from './lanes.ts';
import { dearestPrice } from './price-at.ts';
import type { Candidate } from './types.ts';
import { code } from './verdicts.ts';

const named = (list: readonly string[], candidate: Candidate): boolean =>
  list.includes(candidate.providerId) || list.includes(candidate.credential);

/** In whatever case it is written: who writes "Groq" wants nothing sent to it, and leaving out too many is the safer error. */
function isIgnored(list: readonly string[], { providerId, credential }: Candidate): boolean {
  const names = [providerId.toLowerCase(), credential.toLowerCase()];
  return list.some((name) => names.includes(name.toLowerCase()));
}

/** Whether prompts are known to stay within these regions: who works on them in one that is not named is out. */
const staysWithin = (regions: readonly string[] | undefined, allowed: readonly string[]): boolean =>
  regions !== undefined && regions.length > 0 && regions.every((region) => allowed.includes(region));

type Asked = Pick<DecideInput, 'profile' | 'policy' | 'selector' | 'nowMs'>;

/** A caller's bound above the model's own is only a bound; the reply still fits unless the model can't hold what is typical. */
const leastOutput = ({ profile: { maxOutputTokens, outputTokens } }: Asked): number =>
  maxOutputTokens === null ? 0 : Math.min(maxOutputTokens, outputTokens);

/** Whether a model costs more than may be paid for it, at its dearest hour; an unknown price always is. Vectors are all input. */
function isDear({ price, kind }: Candidate, { policy: { maxPrice }, nowMs }: Asked): boolean {
  if (maxPrice === undefined) return false;
  const dearest = dearestPrice(price, nowMs);
  const { input = Infinity, output = Infinity } = maxPrice;
  const written = dearest?.outputPerMillionUsd ?? (kind === 'embedding' ? 0 : Infinity);
  return (dearest?.inputPerMillionUsd ?? Infinity) > input || written > output;
}

/** Whether this candidate may be asked at all, for as long as nobody retires and no price changes. */
function judgeFit(candidate: Candidate, asked: Asked): number {
  const { profile, policy, selector } = asked;
  if (candidate.kind !== profile.kind) return code.other_kind;
  if ((candidate.retiredAtMs ?? Infinity) <= asked.nowMs) return code.retired;
  if (policy.only !== null && !named(policy.only, candidate)) return code.provider_excluded;
  if (policy.ignore.length > 0 && isIgnored(policy.ignore, candidate)) return code.provider_excluded;
  if (candidate.tier === 'paid' && (policy.paid === 'never' || selector.freeOnly)) return code.paid_not_allowed;
  if (policy.noTraining && candidate.trainsOnPrompts !== false) return code.may_train_on_prompts;
  if (policy.regions !== undefined && !staysWithin(candidate.regions, policy.regions)) return code.region_not_allowed;
  if ((candidate.retentionDays ?? Infinity) > (policy.maxRetentionDays ?? Infinity)) return code.may_keep_prompts;
  if (candidate.tier === 'paid' && isDear(candidate, asked)) return code.over_price;
  if ((candidate.capabilities & profile.needs) !== profile.needs) return code.lacks_capability;
  if (leastOutput(asked) > (candidate.maxOutput ?? Infinity)) return code.output_too_small;
  return candidate.locked === undefined ? code.eligible : code.locked;
}

/** The verdicts on all candidates of a fleet for one kind of request, and in which order they are looked at. */
export interface Fits {
  /** `eligible`, or why a candidate can't serve at any time. */
  readonly codes: Uint8Array;
  /** By the rest of what their order depends on. */
  readonly lanes: Map<number, Lane>;
}

interface Memory {
  /** Lengths of replies at which candidates differ, from the shortest. */
  readonly outputs: readonly number[];
  /** When candidates retire or their prices change, ms since the epoch, from the first. */
  readonly turns: readonly number[];
  /** By the names of their kinds. */
  readonly fits: Map<string | number, Fits>;
}

const memories = new WeakMap<readonly Candidate[], Memory>();
/** Kinds of requests remembered for a fleet: few are asked again and again. */
const MOST_KINDS = 64;

const inOrder = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);

function memoryOf(candidates: readonly Candidate[]): Memory {
  const known = memories.get(candidates);
  if (known !== undefined) return known;
  const outputs = inOrder(new Set(candidates.map(({ maxOutput }) => maxOutput ?? Infinity)));
  const memory: Memory = {
    outputs,
    turns: inOrder(
      candidates.flatMap(({ retiredAtMs, price }) => [
        ...(retiredAtMs === undefined ? [] : [retiredAtMs]),
        ...(price?.changes ?? []).map(({ from }) => Date.parse(from)),
      ]),
    ),
    fits: new Map(),
  };
  memories.set(candidates, memory);
  return memory;
}

/** More than any set of capabilities is as a number. */
const MASKS = toMask(capabilityIds) + 1;

/** How many of the numbers, from the smallest, are below another: requests of the same count are judged alike. */
function countBelow(numbers: readonly number[], least: number): number {
  let count = 0;
  while (count < numbers.length && (numbers[count] ?? Infinity) < least) count++;
  return count;
}

/** Everything that `judgeFit` looks at: as a number, since a text that was just put together is slow to look up, where the request has no lists of its own. */
function toName({ outputs, turns }: Memory, asked: Asked): string | number {
  const { profile, policy, selector } = asked;
  const { only, ignore, regions, maxRetentionDays, maxPrice } = policy;
  const mayPay = policy.paid !== 'never' && !selector.freeOnly;
  const tooShort = countBelow(outputs, leastOutput(asked));
  const turned = countBelow(turns, asked.nowMs + 1);
  const bounds = (turned * (outputs.length + 1) + tooShort) * 4 + (mayPay ? 2 : 0) + (policy.noTraining ? 1 : 0);
  const name = (bounds * MASKS + profile.needs) * modelKinds.length + modelKinds.indexOf(profile.kind);
  const isPlain = regions === undefined && maxRetentionDays === undefined && maxPrice === undefined;
  if (only === null && ignore.length === 0 && isPlain) return name;
  return name + JSON.stringify([only, ignore, regions, maxRetentionDays, maxPrice]);
}

/** Who could serve requests of this kind. */
export function fitsOf(input: DecideInput): Fits {
  const { candidates } = input;
  const memory = memoryOf(candidates);
  const name = toName(memory, input);
  const known = memory.fits.get(name);
  if (known !== undefined) return known;
  if (memory.fits.size >= MOST_KINDS) memory.fits.clear();
  const { policy } = input;
  const asked =
    policy.only === null ? input : { ...input, policy: { ...policy, only: toBorne(policy.only, candidates) } };
  const fits: Fits = { codes: Uint8Array.from(candidates, (one) => judgeFit(one, asked)), lanes: new Map() };
  memory.fits.set(name, fits);
  return fits;
}
