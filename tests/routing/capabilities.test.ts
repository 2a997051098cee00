// Capabilities as bits: every capability has its own bit, and missing ones are named.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capabilityBits, explainMissing, needsMask, toMask } from '#lambda/routing/capabilities.ts';
import { capabilityIds } from '#shared/catalog.ts';

const none = { tools: false, vision: false, json: false, reasoning: false, audio: false, documents: false };

describe('capabilities', () => {
  it('gives every capability a bit of its own', () => {
    const bits = capabilityIds.map((id) => capabilityBits[id]);
    expect(new Set(bits).size).toBe(capabilityIds.length);
    for (const bit of bits) expect(bit & (bit - 1)).toBe(0);
  });

  it('names exactly the capabilities that were put in', () => {
    fc.assert(
      fc.property(fc.subarray([...capabilityIds]), (some) => {
        expect(explainMissing(toMask(some))).toEqual(capabilityIds.filter((id) => some.includes(id)));
      }),
    );
  });

  it('turns each need into the bit of the capability of that name', () => {
    expect(needsMask(none)).toBe(0);
    for (const need of ['tools', 'vision', 'json', 'reasoning', 'audio', 'documents'] as const) {
      expect(needsMask({ ...none, [need]: true })).toBe(capabilityBits[need]);
    }
  });

  it('says what a model lacks', () => {
    const needed = needsMask({ ...none, tools: true, vision: true });
    expect(explainMissing(needed & ~toMask(['tools', 'json']))).toEqual(['vision']);
  });
});
