// Settings of the proxy that Freeway replaces which make no credential, and why: whoever moved in would else miss a provider without a word.
import type { ConfigInput } from './config-input.ts';
import { findOlderProvider, LAST_NUMBER, spellings, type Spelling } from './config-older.ts';

type Input = Pick<ConfigInput, 'env' | 'providers'>;

function judgeNumber(input: Input, spelling: Spelling, n: number): string[] {
  const { env } = input;
  const isSet = (name: string): boolean => Boolean(env[name]?.trim());
  const [type, key, endpoint, priority] = [
    spelling.type(n), spelling.key(n), spelling.endpoint(n), spelling.priority(n),
  ]; // prettier-ignore
  if (!isSet(type))
    return [key, endpoint].filter(isSet).map((name) => `${name} is set, but ${type} is not: it does nothing.`);
  if (findOlderProvider(input, spelling, n) === null)
    return [
      isSet(key)
        ? `${type} names no provider of the catalog, and ${endpoint} gives no address: it does nothing.`
        : `${type} is set, but ${key} is not: it does nothing.`,
    ];
  const asked = Number(env[priority]?.trim() || 0);
  const [rateLimit, quality, capabilities] = [spelling.rateLimit(n), spelling.quality(n), spelling.capabilities(n)];
  return [
    ...(asked >= 0 ? [] : [`${priority} is no number from 0 on: 100 holds.`]),
    ...(!isSet(rateLimit) || Number(env[rateLimit]) >= 0
      ? []
      : [`${rateLimit} is no number: no limit of tokens a minute holds.`]),
    ...(isSet(quality) ? [`${quality} is set, but nothing reads it: pictures are sent as they come.`] : []),
    ...(isSet(capabilities)
      ? [
          `${capabilities} is set, but nothing reads it: what models can do is known of the catalog, or said by the models of an entry of FREEWAY_PROVIDERS.`,
        ]
      : []),
  ];
}

function judgeFarNumbers(names: readonly string[], spelling: Spelling): string[] {
  const prefix = spelling.type(0).slice(0, -1);
  return names
    .filter((name) => name.startsWith(prefix) && Number(/^\d+$/.exec(name.slice(prefix.length))?.[0]) > LAST_NUMBER)
    .map((name) => `${name} is set, but nothing reads it: numbers go from 0 to ${LAST_NUMBER}.`);
}

/** What of the older settings does nothing, in sentences; holds no values. */
export const findOlderDoubts = (input: Input): string[] =>
  spellings.flatMap((spelling) => [
    ...Array.from({ length: LAST_NUMBER + 1 }, (_, n) => judgeNumber(input, spelling, n)).flat(),
    ...judgeFarNumbers(Object.keys(input.env), spelling),
  ]);
