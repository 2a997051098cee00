// The policy of a request: what it asks for in headers or in its body, laid over settings that it can tighten and never loosen.
import { describe, expect, it } from 'vitest';
import { toPolicy } from '#lambda/gateway/controls.ts';
import type { Policy } from '#lambda/routing/policy.ts';
import type { RoutingSettings } from '#shared/settings.ts';

const usual: Policy = {
  paid: 'fallback',
  strategy: 'free-first',
  noTraining: false,
  only: null,
  ignore: [],
  failover: true,
  rescue: true,
  maxWaitMs: 1_000,
};

type Asked = [field: unknown, headers: Record<string, string>];
const policyOf = async ([field, headers]: Asked, settings: RoutingSettings = {}): Promise<Policy> =>
  toPolicy(field, headers, { settings, maxWaitMs: 1_000 });

describe('what a request asks for', () => {
  it('is the usual where it asks for nothing, or for what is no control', async () => {
    expect(await policyOf([undefined, {}])).toEqual(usual);
    expect(await policyOf([null, { 'x-freeway-events': '1', accept: '*/*' }])).toEqual(usual);
  });

  it.each<[string, string, unknown, Partial<Policy>]>([
    ['tier', 'free', 'free', { paid: 'never' }],
    ['tier', 'any', 'any', {}],
    ['max_wait_ms', '0', 0, { maxWaitMs: 0 }],
    ['max_cost_usd', '0.5', 0.5, { maxCostUsd: 0.5 }],
    ['max_price', '{"input": 1}', { input: 1 }, { maxPrice: { input: 1 } }],
    ['timeout_ms', '250', 250, { timeoutMs: 250 }],
    ['strategy', 'cost', 'cost', { strategy: 'cost' }],
    ['privacy', 'no_training', 'no_training', { noTraining: true }],
    ['privacy', 'any', 'any', {}],
    ['regions', 'eu, ch', ['eu', 'ch'], { regions: ['eu', 'ch'] }],
    ['max_retention_days', '0', 0, { maxRetentionDays: 0 }],
    ['providers', '{"only": ["a"], "ignore": ["b"]}', { only: ['a'], ignore: ['b'] }, { only: ['a'], ignore: ['b'] }],
    ['failover', 'false', false, { failover: false, rescue: false }],
    ['failover', '0', false, { failover: false, rescue: false }],
    ['failover', 'true', true, {}],
    ['failover', '1', true, {}],
    ['rescue', 'false', false, { rescue: false }],
    ['rescue', '1', true, {}],
    ['content_filter', 'failover', 'failover', { contentFilter: 'failover' }],
    ['content_filter', 'report', 'report', {}],
  ])('%s: %s in a header is the same as in the body', async (name, text, value, more) => {
    const expected = { ...usual, ...more };
    expect(await policyOf([undefined, { [`x-freeway-${name.replaceAll('_', '-')}`]: text }])).toEqual(expected);
    expect(await policyOf([{ [name]: value }, {}])).toEqual(expected);
  });

  it('goes by the body where header and body differ, and by both where they ask for different things', async () => {
    const headers = { 'x-freeway-max-wait-ms': '5', 'x-freeway-tier': 'free' };
    expect(await policyOf([{ max_wait_ms: 7 }, headers])).toEqual({ ...usual, paid: 'never', maxWaitMs: 7 });
  });

  it.each([
    ['x-freeway-failover', 'maybe'],
    ['x-freeway-max-price', '{"input": -1}'],
    ['x-freeway-providers', '{'],
    ['x-freeway-regions', ''.padEnd(3, ',')],
  ])('is refused where nobody can tell what is meant: %s: %s', async (name, text) => {
    await expect(policyOf([undefined, { [name]: text }])).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('what the settings say', () => {
  it('holds where a request asks for nothing', async () => {
    const settings: RoutingSettings = {
      paid: 'never',
      privacy: 'no_training',
      regions: ['eu'],
      max_retention_days: 30,
      max_cost_usd: 1,
      providers: { only: ['a', 'b'], ignore: ['c'] },
      strategy: 'latency',
      max_wait_ms: 9,
      content_filter: 'failover',
    };
    expect(await policyOf([undefined, {}], settings)).toEqual({
      ...usual,
      paid: 'never',
      noTraining: true,
      regions: ['eu'],
      maxRetentionDays: 30,
      maxCostUsd: 1,
      only: ['a', 'b'],
      ignore: ['c'],
      strategy: 'latency',
      maxWaitMs: 9,
      contentFilter: 'failover',
    });
  });

  it.each<[string, RoutingSettings, Record<string, unknown>, Partial<Policy>]>([
    ['pay', { paid: 'never' }, { tier: 'any' }, { paid: 'never' }],
    ['be learned from', { privacy: 'no_training' }, { privacy: 'any' }, { noTraining: true }],
    ['go elsewhere', { regions: ['eu', 'ch'] }, { regions: ['us', 'ch'] }, { regions: ['ch'] }],
    ['be kept for longer', { max_retention_days: 0 }, { max_retention_days: 30 }, { maxRetentionDays: 0 }],
    ['cost more', { max_cost_usd: 0.1 }, { max_cost_usd: 5 }, { maxCostUsd: 0.1 }],
    ['be asked of others', { providers: { only: ['a'] } }, { providers: { only: ['a', 'b'] } }, { only: ['a'] }],
    ['be asked of who is left out', { providers: { ignore: ['a'] } }, { providers: { ignore: ['b'] } }, { ignore: ['a', 'b'] }],
  ])('keeps a request from asking to %s', async (_name, settings, field, more) => {
    expect(await policyOf([field, {}], settings)).toEqual({ ...usual, ...more });
  }); // prettier-ignore

  it.each<[string, RoutingSettings, Record<string, unknown>, Partial<Policy>]>([
    ['money', { paid: 'allowed' }, { tier: 'free' }, { paid: 'never' }],
    ['privacy', { privacy: 'any' }, { privacy: 'no_training' }, { noTraining: true }],
    ['time', { max_retention_days: 30 }, { max_retention_days: 1 }, { maxRetentionDays: 1 }],
    ['cost', { max_cost_usd: 5 }, { max_cost_usd: 0.1 }, { maxCostUsd: 0.1 }],
    ['providers', { providers: { only: ['a', 'b'] } }, { providers: { only: ['b'] } }, { only: ['b'] }],
    ['nobody at all', { providers: { only: ['a'] } }, { providers: { only: ['b'] } }, { only: [] }],
  ])('lets a request ask for less: %s', async (_name, settings, field, more) => {
    expect(await policyOf([field, {}], settings)).toEqual({ ...usual, ...more });
  });
});
