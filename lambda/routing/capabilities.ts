// Capabilities as bits, so that "can it serve this request" is one AND in the selection loop.
import { capabilityIds } from '#shared/catalog.ts';
import type { Capability } from '#shared/catalog.ts';

/** What a request needs of a model, as the wire codecs report it. */
export interface Needs {
  readonly tools: boolean;
  readonly vision: boolean;
  readonly json: boolean;
  readonly reasoning: boolean;
  readonly audio: boolean;
  readonly documents: boolean;
}

/** One bit per capability. Only for use within one process: the numbers are not stored anywhere. */
export const capabilityBits: Readonly<Record<Capability, number>> = {
  tools: 1,
  vision: 2,
  json: 4,
  reasoning: 8,
  prefill: 16,
  audio: 32,
  documents: 64,
};

/** The bit set of a list of capabilities; repeats are harmless. */
export function toMask(capabilities: readonly Capability[]): number {
  let mask = 0;
  for (const capability of capabilities) mask |= capabilityBits[capability];
  return mask;
}

/** The bits a candidate must have: it can serve when `(capabilities & needed) === needed`. */
export function needsMask(needs: Needs): number {
  return (
    (needs.tools ? capabilityBits.tools : 0) |
    (needs.vision ? capabilityBits.vision : 0) |
    (needs.json ? capabilityBits.json : 0) |
    (needs.reasoning ? capabilityBits.reasoning : 0) |
    (needs.audio ? capabilityBits.audio : 0) |
    (needs.documents ? capabilityBits.documents : 0)
  );
}

/** Names of the capabilities in a bit set, in the catalog's order; give it `needed & ~capabilities` to say what is missing. */
export function explainMissing(mask: number): Capability[] {
  return capabilityIds.filter((capability) => (mask & capabilityBits[capability]) !== 0);
}
