// How long the estimate of tokens takes, whatever the size, and how far it is off the exact count, before and after the correction that replies teach.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { get_encoding as getEncoding, type TiktokenEncoding } from 'tiktoken';
import { estimateTokens, updateRatio } from '#lambda/routing/estimate.ts';
import { createRandom, percentile, shuffle } from './stats.ts';
import { nowUs } from './stopwatch.ts';

export interface EstimateTime {
  readonly characters: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Mean of what each estimate is off, as a share of the exact count. */
export interface EstimateError {
  readonly vocabulary: string;
  readonly raw: number;
  /** Once as many requests as are learned from have been seen. */
  readonly corrected: number;
  readonly requests: number;
}

export interface Estimates {
  readonly times: readonly EstimateTime[];
  readonly errors: readonly EstimateError[];
}

const sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000] as const;
/** The estimate is fitted to the first; models of other makers count by vocabularies as different as the others are. */
const vocabularies: readonly TiktokenEncoding[] = ['o200k_base', 'cl100k_base', 'p50k_base'];
/** What people send: prose, German, code, data. None of it was used for the fit (scripts/fit-estimator.ts). */
const sources = [
  'docs/operate.md',
  'docs/api.md',
  'docs/routing.md',
  'ui/src/features/providers/catalog-de.ts',
  'lambda/routing/choose.ts',
  'lambda/gateway/settlement.ts',
  'scripts/deploy/template.json',
] as const;
const REQUESTS = 400;
/** So many replies teach a model's correction before its errors count. */
const LEARNED_FROM = 50;
const SHORTEST = 200;
const LONGEST = 8_000;

const estimate = (text: string): number =>
  estimateTokens({ texts: [{ text }], images: [], maxOutputTokens: null, task: 'chat' }).inputTokens;

const readTexts = (): string[] =>
  sources.map((path) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8'));

/** Requests of all sources, in an order that is the same each time: no model is asked for one kind of text alone. */
function toRequests(texts: readonly string[]): string[] {
  const random = createRandom(29);
  const requests = Array.from({ length: REQUESTS }, (_, index) => {
    const text = texts[index % texts.length] ?? '';
    const length = Math.min(text.length, Math.floor(SHORTEST + random() * (LONGEST - SHORTEST)));
    const from = Math.floor(random() * (text.length - length));
    return text.slice(from, from + length);
  });
  return shuffle(requests, random);
}

function timeEstimates(texts: readonly string[], runs: number): EstimateTime[] {
  const whole = texts.join('\n');
  return sizes.map((characters) => {
    const text = whole.repeat(Math.ceil(characters / whole.length)).slice(0, characters);
    const tookUs: number[] = [];
    for (let done = -runs / 3; done < runs; done++) {
      const startedUs = nowUs();
      estimate(text);
      if (done >= 0) tookUs.push(nowUs() - startedUs);
    }
    return { characters, p50Us: percentile(tookUs, 0.5), p99Us: percentile(tookUs, 0.99) };
  });
}

function compare(vocabulary: TiktokenEncoding, requests: readonly string[]): EstimateError {
  const encoding = getEncoding(vocabulary);
  let ratio = 1;
  let [raw, corrected] = [0, 0];
  for (const [index, text] of requests.entries()) {
    // What frames a message is part of an estimate, and of what providers report.
    const actualTokens = encoding.encode_ordinary(text).length + estimate('');
    const estimatedTokens = estimate(text);
    if (index >= LEARNED_FROM) {
      raw += Math.abs(estimatedTokens / actualTokens - 1);
      corrected += Math.abs((estimatedTokens * ratio) / actualTokens - 1);
    }
    ratio = updateRatio(ratio, { estimatedTokens, actualTokens });
  }
  encoding.free();
  const counted = requests.length - LEARNED_FROM;
  return { vocabulary, raw: raw / counted, corrected: corrected / counted, requests: counted };
}

/** Times estimates of all sizes, and compares them with exact counts. */
export function measureEstimates(runs: number): Estimates {
  const texts = readTexts();
  const requests = toRequests(texts);
  return { times: timeEstimates(texts, runs), errors: vocabularies.map((name) => compare(name, requests)) };
}
