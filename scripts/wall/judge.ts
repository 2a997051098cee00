// Judges what a caller got against the rules of a scenario. Pure.
import type { Got } from './ask.ts';
import type { Mode, Rules } from './scenarios.ts';

/** What the two providers saw. */
export interface Seen {
  /** When the first provider was called, ms. */
  readonly primaryAtMs: readonly number[];
  readonly backupCalls: number;
  readonly backupModel: string;
}

/** No more than this many calls within three seconds, and altogether for one request. */
const BURST = 4;
const BURST_MS = 3_000;
const MOST = 6;

function judgeOne(got: Got, expected: string, mode: Mode): string[] {
  const faults: string[] = [];
  if (got.status !== 200) faults.push(`status ${got.status} (${got.error ?? 'no code'})`);
  else if (got.error !== null) faults.push(`error ${got.error}`);
  if (got.text !== expected) faults.push(`${got.text.length} of ${expected.length} characters, or others`);
  if (!got.ended) faults.push('no proper end');
  if (got.finishes !== 1) faults.push(`${got.finishes} finishes`);
  if (mode === 'sse' && got.ids !== 1) faults.push(`${got.ids} ids in one stream`);
  return faults;
}

function judgeError(got: Got, wanted: NonNullable<Rules['error']>): string[] {
  const isIt = got.status === wanted.status && got.error === wanted.code;
  // Formats that have a word for it tell a refusal of the provider's filter as an answer without text.
  const isTold = wanted.code === 'content_filter' && got.status === 200 && got.withheld && got.text === '';
  return isIt || isTold ? [] : [`${got.status} ${got.error ?? ''} instead of ${wanted.status} ${wanted.code}`];
}

function isHammered(atMs: readonly number[]): boolean {
  return atMs.some((ms, index) => (atMs[index + BURST] ?? Infinity) - ms < BURST_MS);
}

/** Everything that is wrong; empty when the scenario is passed. */
export function judge(
  { gots, seen, expected }: { gots: readonly Got[]; seen: Seen; expected: string },
  rules: Rules,
  mode: Mode,
): string[] {
  const { least, most } = rules.primaryCalls;
  const calls = seen.primaryAtMs.length;
  const faults = gots.flatMap((got) => (rules.error ? judgeError(got, rules.error) : judgeOne(got, expected, mode)));
  const slowest = Math.max(...gots.map(({ ms }) => ms));
  if (slowest > rules.withinMs) faults.push(`${Math.round(slowest)} ms, more than ${rules.withinMs}`);
  if (calls < least || calls > most || calls > MOST * gots.length) faults.push(`${calls} calls to the first provider`);
  if (gots.length === 1 && isHammered(seen.primaryAtMs)) faults.push('hammers the first provider');
  const wasted = calls + seen.backupCalls - gots.length;
  if (wasted > (rules.wastedCalls ?? Infinity)) faults.push(`${wasted} calls in vain`);
  if (rules.inPlace && seen.backupCalls > 0) faults.push('asked the backup');
  if (rules.accounted && gots.some(({ model }) => model !== seen.backupModel)) faults.push('names the wrong model');
  if (rules.accounted && gots.some(({ outputTokens }) => !outputTokens)) faults.push('tells no use');
  return faults;
}
