// Keeps a question from those in whose format it has no place.
import { CallerError } from '#shared/failures.ts';
import type { Fleet } from '../gateway/fleet.ts';
import { meantBy, type Selector } from '../routing/selector.ts';
import type { ChatWires } from '../wire/index.ts';
import { lackOfPivot } from '../wire/pivot-lack.ts';
import type { ChatQuestion, FormatId } from '../wire/types.ts';

interface Spoken {
  readonly fleet: Fleet;
  readonly wires: ChatWires;
}

/** What a format has no place for is not asked of those who speak it, but for the caller's own. Throws CallerError when nobody is left. */
export function withinWire(selector: Selector, question: ChatQuestion, { fleet, wires }: Spoken): Selector {
  const { wire, bound, model } = question;
  const known = new Map<FormatId, string | null>([[wire, null]]);
  const lackOf = (index: number): string | null => {
    const spoken = fleet.models[index]?.wire ?? fleet.credentials[index]?.provider.wire ?? 'native';
    let lack = known.get(spoken);
    if (lack === undefined) known.set(spoken, (lack = bound[0] ?? (wires[spoken]?.lacks ?? lackOfPivot)(question)));
    return lack;
  };
  const among = meantBy(selector, fleet.candidates).filter((index) => lackOf(index) === null);
  const param = [...known.values()].find((lack) => lack !== null);
  if (param === undefined) return selector;
  if (among.length > 0) return { ...selector, among };
  throw new CallerError(
    'invalid_request',
    `${param} can only be carried by a provider that speaks the same format as this request, and none of those serves "${model}". Leave it out, or send its content as text or base64 data.`,
    { param },
  );
}
