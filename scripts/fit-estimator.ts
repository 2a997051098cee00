// Fits the weights of the token estimate to the o200k vocabulary, and says how far it is off on texts it has not seen.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { get_encoding as getEncoding } from 'tiktoken';
import { countFeatures, createCounts, features, type Counts } from '#lambda/routing/tokens.ts';

interface Sample {
  readonly kind: string;
  readonly counts: Counts;
  readonly tokens: number;
}

const encoding = getEncoding('o200k_base');
const PIECE = 900;
const PER_KIND = 160;

/** A fixed sequence of numbers, so that two runs fit the same texts. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 0x100000000;
  };
}
const random = createRandom(42);

function findFiles(folder: string, ending: RegExp, limit: number): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const name of readdirSync(path)) {
      if (found.length >= limit) return;
      const full = join(path, name);
      const stat = statSync(full, { throwIfNoEntry: false });
      if (stat?.isDirectory()) visit(full);
      else if (stat && ending.test(name) && stat.size > 400 && stat.size < 400_000) found.push(full);
    }
  };
  visit(folder);
  return found;
}

function cut(text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const length = Math.floor(40 + random() * PIECE);
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces.filter((piece) => piece.length >= 30);
}

/** Names of places, languages and dates in one language, as the ICU data of Node has them: the only text of many scripts at hand. */
function toLocaleText(locale: string): string {
  const regions = new Intl.DisplayNames(locale, { type: 'region' });
  const languages = new Intl.DisplayNames(locale, { type: 'language' });
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' });
  const relative = new Intl.RelativeTimeFormat(locale);
  const codes = [
    'DE',
    'FR',
    'US',
    'JP',
    'IN',
    'BR',
    'EG',
    'ZA',
    'AU',
    'CN',
    'RU',
    'GB',
    'MX',
    'KR',
    'TH',
    'GR',
    'IL',
    'TR',
    'PL',
    'SE',
  ];
  const tongues = [
    'en',
    'de',
    'fr',
    'ja',
    'hi',
    'pt',
    'ar',
    'af',
    'zh',
    'ru',
    'es',
    'ko',
    'th',
    'el',
    'he',
    'tr',
    'pl',
    'sv',
    'sw',
    'vi',
  ];
  const parts: string[] = [];
  for (let i = 0; i < 200; i++) {
    const code = codes[Math.floor(random() * codes.length)] ?? 'DE';
    const tongue = tongues[Math.floor(random() * tongues.length)] ?? 'en';
    parts.push(
      `${regions.of(code)} ${languages.of(tongue)} ${relative.format(Math.floor(random() * 40) - 20, i % 2 ? 'day' : 'month')}`,
    );
    if (i % 6 === 0) parts.push(dates.format(new Date(1.6e12 + random() * 2e11)));
  }
  return parts.join(', ');
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
}

const scripts = [
  'de',
  'fr',
  'es',
  'pt',
  'it',
  'pl',
  'cs',
  'tr',
  'vi',
  'sv',
  'fi',
  'hu',
  'ru',
  'uk',
  'el',
  'ar',
  'fa',
  'he',
  'hi',
  'bn',
  'ta',
  'zh',
  'ja',
  'ko',
  'th',
];

function toCorpus(): Map<string, string[]> {
  const read = (folder: string, ending: RegExp, limit: number): string[] =>
    findFiles(folder, ending, limit).flatMap((path) => cut(readFileSync(path, 'utf8')));
  const corpus = new Map<string, string[]>([
    ['prose', read('node_modules', /\.md$/, 120)],
    ['javascript', read('node_modules/undici/lib', /\.js$/, 80)],
    ['types', read('node_modules/@types/node', /\.d\.ts$/, 60)],
    ['minified', read('node_modules/hono/dist/cjs', /\.js$/, 60)],
    ['json', read('catalog/providers', /\.json$/, 60)],
    ['data', read('tests/fixtures', /\.json$/, 120)],
    ['locales', read('node_modules/zod/v4/locales', /\.js$/, 80)],
    ['html', read('node_modules', /\.(html|css)$/, 40)],
  ]);
  for (const locale of scripts) corpus.set(`language ${locale}`, cut(toLocaleText(locale)));
  const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  corpus.set(
    'base64',
    Array.from({ length: 60 }, () => randomText(base64, 200 + Math.floor(random() * 800))),
  );
  corpus.set(
    'hex',
    Array.from({ length: 60 }, () => randomText('0123456789abcdef', 200 + Math.floor(random() * 800))),
  );
  corpus.set(
    'digits',
    Array.from({ length: 60 }, () =>
      Array.from({ length: 60 }, () => Math.floor(random() * 10 ** (1 + Math.floor(random() * 9)))).join(
        random() > 0.5 ? ', ' : ' ',
      ),
    ),
  );
  corpus.set(
    'repeats',
    ['a', 'x', 'z', ' '].map((letter) => letter.repeat(900)),
  );
  return corpus;
}

function toSample(kind: string, text: string): Sample {
  const counts = createCounts();
  countFeatures(text, { from: 0, end: text.length }, counts);
  return { kind, counts, tokens: encoding.encode_ordinary(text).length };
}

const predict = (weights: Float64Array, { counts }: Sample): number =>
  counts.reduce((sum, count, index) => sum + count * (weights[index] ?? 0), 0);

/** Least squares of the relative error with weights of 0 or more, by coordinate descent. */
function fit(samples: readonly Sample[]): Float64Array {
  const weights = new Float64Array(features.length).fill(0.3);
  const residual = samples.map((sample) => 1 - predict(weights, sample) / sample.tokens);
  for (let round = 0; round < 400; round++) {
    for (let feature = 0; feature < weights.length; feature++) {
      let along = 0;
      let square = 1e-9;
      samples.forEach(({ counts, tokens }, index) => {
        const x = (counts[feature] ?? 0) / tokens;
        along += x * (residual[index] ?? 0);
        square += x * x;
      });
      const before = weights[feature] ?? 0;
      const after = Math.max(0, before + along / square);
      weights[feature] = after;
      samples.forEach(({ counts, tokens }, index) => {
        residual[index] = (residual[index] ?? 0) - ((after - before) * (counts[feature] ?? 0)) / tokens;
      });
    }
  }
  return weights;
}

function report(weights: Float64Array, samples: readonly Sample[]): number {
  const byKind = Map.groupBy(samples, ({ kind }) => kind);
  let all = 0;
  for (const [kind, group] of byKind) {
    const errors = group.map((sample) => predict(weights, sample) / sample.tokens - 1);
    const mean = errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length;
    const bias = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const under = errors.filter((error) => error < -0.2).length / errors.length;
    all += mean / byKind.size;
    console.log(
      `${kind.padEnd(14)} ${String(group.length).padStart(4)} texts  error ${(mean * 100).toFixed(1).padStart(5)} %  bias ${(bias * 100).toFixed(1).padStart(6)} %  under by > 20 %: ${(under * 100).toFixed(1)} %`,
    );
  }
  return all;
}

const fitted: Sample[] = [];
const held: Sample[] = [];
for (const [kind, texts] of toCorpus()) {
  const chosen = texts.toSorted(() => random() - 0.5).slice(0, PER_KIND);
  chosen.forEach((text, index) => (index % 2 === 0 ? fitted : held).push(toSample(kind, text)));
}
const weights = fit(fitted);
console.log(`Held-out texts, weights fitted on ${fitted.length} others:`);
const error = report(weights, held);
console.log(`mean over kinds: ${(error * 100).toFixed(1)} %`);
if (process.argv.includes('--write')) {
  const lines = features.map((feature, index) => `  ${(weights[index] ?? 0).toFixed(4)}, // ${feature}`);
  writeFileSync(
    'lambda/routing/estimate-weights.ts',
    `// Tokens per counted feature, in the order of \`features\`. Made by scripts/fit-estimator.ts; not written by hand.\n\n/**\n * Fitted by least squares of the relative error to o200k_base on ${fitted.length} pieces of prose, code, data and names in 25 languages;\n * mean absolute error on as many held-out pieces: ${(error * 100).toFixed(1)} % (mean over ${new Set(held.map(({ kind }) => kind)).size} kinds of text).\n */\nexport const weights: readonly number[] = [\n${lines.join('\n')}\n];\n`,
  );
}
encoding.free();
