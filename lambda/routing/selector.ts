// Model names as callers write them: `auto`, `auto:large`, `:free` behind any, a bare id or family, or `provider/model`.
import type { ModelSize } from '#shared/catalog.ts';
import type { Candidate } from './types.ts';

/** How `auto:<mode>` bends the choice: a size floor, or another order. */
export type AutoMode = ModelSize | 'fast' | 'cheap' | 'long';
const autoModes: ReadonlySet<string> = new Set(['small', 'large', 'reasoning', 'fast', 'cheap', 'long']);

/** A parsed model name. `among` holds indices into the candidates; null means all. */
export interface Selector {
  readonly name: string;
  readonly mode: AutoMode | null;
  /** `:free` was asked for: never pay. */
  readonly freeOnly: boolean;
  readonly among: readonly number[] | null;
  /** The size to be had where it can be; absent: what the request itself looks like. */
  readonly wish?: ModelSize;
  /** Position in the caller's own list of models, by candidate; null when the caller gave no list. */
  readonly listed: ReadonlyMap<number, number> | null;
}

/** The candidates that a selector means, by their indices, for whoever narrows them further: those to be asked by name alone only where they are named. */
export const meantBy = (
  { among }: Pick<Selector, 'among'>,
  candidates: readonly Pick<Candidate, 'onlyByName'>[],
): readonly number[] => among ?? [...candidates.keys()].filter((index) => !candidates[index]?.onlyByName);

/** Of these, those that are still served; all of them where none is, so that they are told as what they are. */
export function stillServed(
  indices: readonly number[],
  candidates: readonly Pick<Candidate, 'retiredAtMs'>[],
  nowMs: number,
): readonly number[] {
  const served = indices.filter((index) => (candidates[index]?.retiredAtMs ?? Infinity) > nowMs);
  return served.length > 0 ? served : indices;
}

/** Looks up candidates by any name they answer to. */
export interface ModelNames {
  /** null: no such model. */
  readonly parse: (name: string) => Selector | null;
  /** Known names that resemble this one, best first. */
  readonly near: (name: string) => readonly string[];
}

const isAutoMode = (text: string): text is AutoMode => autoModes.has(text);

function parseAuto(name: string, freeOnly: boolean): Selector | null {
  if (name === 'auto') return { name, mode: null, freeOnly, among: null, listed: null };
  const mode = name.slice('auto:'.length);
  return name.startsWith('auto:') && isAutoMode(mode) ? { name, mode, freeOnly, among: null, listed: null } : null;
}

/** Whether one of the pieces of `a` stands in `b`: of one piece more than there are edits, one is left as it is. */
function sharesPiece(a: string, b: string, edits: number): boolean {
  const size = Math.floor(a.length / (edits + 1));
  for (let piece = 0; piece <= edits; piece++) if (b.includes(a.slice(piece * size, (piece + 1) * size))) return true;
  return false;
}

/** Edit distance, bounded: `limit + 1` where it is more than the limit. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit || !sharesPiece(a, b, limit)) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) > limit) return limit + 1;
    row = next;
  }
  return Math.min(row[b.length] ?? Infinity, limit + 1);
}

/** Names longer than this are not compared with others. */
const LONGEST_NAME = 128;
/** Names shorter than this are found inside of too many others by chance. */
const LEAST_PART = 3;
const MOST_NEAR = 5;

const isPart = (part: string, whole: string): boolean => part.length >= LEAST_PART && whole.includes(part);

/** By letters; `wanted` in lower case. */
function findAlike(names: readonly string[], wanted: string): string[] {
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return names
    .map((known) => {
      const lower = known.toLowerCase();
      return { known, cost: isPart(wanted, lower) || isPart(lower, wanted) ? 1 : distance(wanted, lower, limit) };
    })
    .filter(({ cost }) => cost <= limit)
    .sort((a, b) => a.cost - b.cost || a.known.length - b.known.length)
    .map(({ known }) => known);
}

/** What whoever is named before the slash does serve, for who asks them for something else; `wanted` in lower case. */
function findBeside(candidates: readonly Candidate[], wanted: string): string[] {
  const pin = wanted.slice(0, wanted.indexOf('/') + 1);
  const pinned = candidates.flatMap(({ route, credential, modelId }) => [route, `${credential}/${modelId}`]);
  return pin === '' ? [] : pinned.filter((name) => name.toLowerCase().startsWith(pin));
}

function toNear(names: readonly string[], candidates: readonly Candidate[], name: string): string[] {
  if (name.length > LONGEST_NAME) return [];
  const wanted = name.toLowerCase().replace(/(?<=.):free$/, '');
  if (wanted.startsWith('auto:')) return [...autoModes].map((mode) => `auto:${mode}`);
  const alike = findAlike(names, wanted);
  return [...new Set([...alike, ...findBeside(candidates, wanted)])].slice(0, MOST_NEAR);
}

/** All names one candidate answers to: pinned by provider or credential name, bare id, id without vendor prefix, and family. */
export function namesOf(candidate: Candidate): string[] {
  const { modelId, family } = candidate;
  return [
    candidate.route,
    `${candidate.credential}/${modelId}`,
    modelId,
    modelId.replace(/^.*\//, ''),
    family,
    `${candidate.providerId}/${family}`,
  ];
}

/** Indexes the candidates by name. Built once per configuration. Names are case-insensitive. */
export function createModelNames(candidates: readonly Candidate[]): ModelNames {
  const byName = new Map<string, number[]>();
  candidates.forEach((candidate, index) => {
    for (const name of new Set(namesOf(candidate).map((text) => text.toLowerCase()))) {
      const indices = byName.get(name);
      if (indices) indices.push(index);
      else byName.set(name, [index]);
    }
  });
  const shown = [...new Set(candidates.flatMap((candidate) => [candidate.route, candidate.family]))];

  const parse = (given: string): Selector | null => {
    const name = given.toLowerCase();
    // A provider's own id may end in `:free`; such a name is looked up as it stands first.
    const exact = byName.get(name);
    if (exact) return { name: given, mode: null, freeOnly: name.endsWith(':free'), among: exact, listed: null };
    const auto = parseAuto(name, false);
    if (auto) return auto;
    if (!name.endsWith(':free')) return null;
    const bare = name.slice(0, -':free'.length);
    const among = byName.get(bare);
    if (among) return { name: given, mode: null, freeOnly: true, among, listed: null };
    return parseAuto(bare, true);
  };
  return { parse, near: (name) => toNear(['auto', ...shown], candidates, name) };
}

/** One selector for a list of models in order of preference (OpenRouter's `models`). Null entries (unknown names) are passed over. */
export function joinSelectors(
  selectors: readonly (Selector | null)[],
  candidates: readonly Pick<Candidate, 'tier' | 'onlyByName'>[],
): Selector | null {
  const known = selectors.filter((selector) => selector !== null);
  const [first] = known;
  if (first === undefined || known.length === 1) return first ?? null;
  const listed = new Map<number, number>();
  known.forEach(({ among, freeOnly }, position) => {
    // A name that asks for free stays free, whatever the others on the list allow.
    for (const index of meantBy({ among }, candidates))
      if (!listed.has(index) && !(freeOnly && candidates[index]?.tier === 'paid')) listed.set(index, position);
  });
  return {
    name: first.name,
    mode: first.mode,
    freeOnly: known.every(({ freeOnly }) => freeOnly),
    among: [...listed.keys()],
    listed,
  };
}
