// Where candidates are asked in a chat, and in which format.
import type { WireId } from '#shared/catalog.ts';
import type { Headers } from '../ports.ts';
import type { Candidate } from '../routing/types.ts';
import type { ChatWires } from '../wire/index.ts';
import type { FormatId, RequestTarget, UpstreamWire } from '../wire/types.ts';
import type { ChatInput, ChatMeans } from './chat.ts';
import type { Fleet } from './fleet.ts';

function wireOf(wires: ChatWires, id: WireId): UpstreamWire {
  const wire = wires[id];
  if (wire === undefined) throw new Error(`the wire ${id} is not spoken`);
  return wire;
}

/** The wire candidate `index` speaks. */
const wireIdOf = (fleet: Fleet, index: number): WireId =>
  fleet.models[index]?.wire ?? fleet.credentials[index]?.provider.wire ?? 'native';

/** How a candidate is asked, and over which wire: the same for all requests of a kind. */
export interface Place {
  readonly candidate: Candidate;
  readonly target: RequestTarget;
  readonly wireId: WireId;
  readonly pathOf: (usual: string) => string;
  /** By what is accepted for a reply; frozen, since they are sent again and again. */
  readonly headers: Map<string, Headers>;
}

const none: readonly string[] = [];

function findPlace(fleet: Fleet, index: number, { schemas }: ChatMeans): Place {
  const candidate = fleet.candidates[index];
  const credential = fleet.credentials[index];
  const model = fleet.models[index];
  if (!candidate || !credential || !model) throw new Error('no such candidate');
  const { provider } = credential;
  const wireId = wireIdOf(fleet, index);
  // The provider's path is that of its own wire; other wires may be spoken elsewhere below its address.
  const path = model.path ?? (wireId === provider.wire ? provider.paths['chat'] : undefined);
  const place = wireId === provider.wire ? '' : (provider.paths[wireId] ?? '');
  const target: RequestTarget = {
    model: candidate.modelId,
    quirks: provider.quirks,
    stripped: none,
    wantUsage: true,
    maxOutputTokens: model.maxOutput ?? null,
    ...(schemas === undefined ? {} : { bendSchemas: schemas }),
  };
  return { candidate, target, wireId, pathOf: (usual) => path ?? `${place}${usual}`, headers: new Map() };
}

const places = new WeakMap<Fleet, Place[]>();

/** What candidate `index` is asked, and over which wire. */
function toPlace(
  fleet: Fleet,
  index: number,
  { stripped, wires }: { stripped: readonly string[]; wires: ChatMeans },
): Place {
  let known = places.get(fleet);
  if (known === undefined) places.set(fleet, (known = []));
  const place = (known[index] ??= findPlace(fleet, index, wires));
  return stripped.length === 0 ? place : { ...place, target: { ...place.target, stripped } };
}

/** Where a candidate is asked, and in which format. */
export interface Spoken extends Pick<Place, 'target' | 'pathOf'> {
  readonly place: Place;
  readonly wire: UpstreamWire;
  readonly format: FormatId;
}

/** How a question is put to a candidate: without fields that it refuses, and as the caller has put it or so that an answer goes on. */
interface Putting {
  readonly stripped: readonly string[];
  readonly isAnew: boolean;
}

/** Where candidate `index` is asked: in the caller's own format, where the model takes that. An answer that is gone on with is always a chat's. */
export function toSpoken(
  { question, callerWire, fleet, wires }: Pick<ChatInput, 'question' | 'callerWire' | 'fleet' | 'wires'>,
  index: number,
  { stripped, isAnew }: Putting,
): Spoken {
  const place = toPlace(fleet, index, { stripped, wires });
  const { target, wireId, pathOf } = place;
  const { direct } = callerWire;
  const fim = fleet.models[index]?.fim;
  if (direct === undefined || fim === undefined || !isAnew || !direct.takes(question))
    return { place, target, pathOf, wire: wireOf(wires, wireId), format: wireId };
  const maxOutputTokens = fim.maxOutput ?? target.maxOutputTokens;
  return { place, target: { ...target, maxOutputTokens }, pathOf: () => fim.path, wire: direct, format: question.wire };
}
