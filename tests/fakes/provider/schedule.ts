// Which fault, if any, strikes a request: scripted first, then by model, then by chance and time of day.
import { createRandom } from '../random.ts';
import { type Fault, splitModelName, toFault } from './faults.ts';
import { matchesAny } from './limits.ts';
import type { Chaos, FakeModel, FakeProviderSpec } from './spec.ts';

export interface Striking {
  /** Queues what happens to the next requests, one each; `ok` lets one pass. */
  script(steps: readonly (Fault | string)[]): void;
  /** The fault for this request of `name` (the name as sent, with any `--fault`). */
  next(name: string, model: FakeModel | undefined, nowMs: number): Fault | null;
}

function isOn(chaos: Chaos, elapsedMs: number): boolean {
  if (!chaos.schedule) return true;
  const { everyMs, forMs, offsetMs = 0 } = chaos.schedule;
  const since = elapsedMs - offsetMs;
  return since >= 0 && since % everyMs < forMs;
}

const read = (fault: Fault | string): Fault => (typeof fault === 'string' ? toFault(fault) : fault);

export function createStriking(spec: FakeProviderSpec, startMs: number): Striking {
  const random = createRandom((spec.seed ?? 1) + 77);
  const chaos = (spec.chaos ?? []).map((one) => ({ ...one, fault: read(one.fault) }));
  const byModel = new Map(spec.models.map(({ id, fault }) => [id, fault === undefined ? null : read(fault)]));
  const seen = new Map<string, number>();
  let queue: (Fault | string)[] = [];

  function chosen(name: string, model: FakeModel | undefined, elapsedMs: number): Fault | null {
    const step = queue.shift();
    if (step !== undefined) return step === 'ok' ? null : read(step);
    const own = splitModelName(name).fault ?? (model ? (byModel.get(model.id) ?? null) : null);
    if (own) return own;
    const hit = chaos.find((one) => {
      const concerns = !one.models || matchesAny(one.models, model?.id ?? name);
      return concerns && isOn(one, elapsedMs) && random() < (one.share ?? 1);
    });
    return hit?.fault ?? null;
  }

  /** Unfolds faults that strike only sometimes. */
  function strikesNow(fault: Fault | null, name: string, elapsedMs: number): Fault | null {
    if (fault?.kind === 'first') {
      const before = seen.get(name) ?? 0;
      seen.set(name, before + 1);
      return before < fault.times ? strikesNow(fault.fault, name, elapsedMs) : null;
    }
    if (fault?.kind === 'flap') {
      const isDown = elapsedMs % (fault.downMs + fault.upMs) < fault.downMs;
      return isDown ? strikesNow(fault.fault, name, elapsedMs) : null;
    }
    return fault;
  }

  return {
    script(steps) {
      queue = [...queue, ...steps];
    },
    next(name, model, nowMs) {
      const elapsedMs = nowMs - startMs;
      return strikesNow(chosen(name, model, elapsedMs), name, elapsedMs);
    },
  };
}
