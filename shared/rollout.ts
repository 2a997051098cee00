// Who takes part in what is being rolled out: flags, and sides of experiments.
import type { Experiment, Flag } from './rollout-schemas.ts';

/** All that is being rolled out. */
export interface Rollout {
  readonly flags: readonly Flag[];
  readonly experiments: readonly Experiment[];
}

/** Sides of an experiment: `control` is what would be without it. */
export const arms = ['control', 'variant'] as const;
export type Arm = (typeof arms)[number];

/** The side of one request. */
export interface Assignment {
  readonly experiment: Experiment;
  readonly arm: Arm;
}

/** FNV-1a, and the finaliser of MurmurHash3, which spreads names that differ in their last letter only. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** Whether a subject falls into the first `percent` of all; the same everywhere, and other subjects for each name. */
export const isWithin = (name: string, subject: string, percent: number): boolean =>
  hash(`${name}\n${subject}`) / 0x1_0000_0000 < percent / 100;

/** Whether a flag is on for a subject. */
export const isOn = ({ name, enabled, percent, always }: Flag, subject: string): boolean =>
  enabled && (always.includes(subject) || isWithin(name, subject, percent));

/** Who asks for what, as far as experiments tell requests apart. */
export interface Asking {
  readonly model: string;
  /** The key, or the person without one. */
  readonly callerId: string;
  readonly requestId: string;
}

/** The first experiment that a request takes part in, and its side there. Both sides of a split are compared; of a shadow, only what is in its part. */
export function assign(experiments: readonly Experiment[], { model, callerId, requestId }: Asking): Assignment | null {
  for (const experiment of experiments) {
    const { name, kind, enabled, percent, models, by } = experiment;
    if (!enabled || !(models.length === 0 ? /^auto(:|$)/.test(model) : models.includes(model))) continue;
    const inPart = isWithin(name, by === 'caller' ? callerId : requestId, percent);
    if (kind === 'split') return { experiment, arm: inPart ? 'variant' : 'control' };
    if (inPart) return { experiment, arm: 'control' };
  }
  return null;
}
