// Rewrites JSON Schemas for providers that refuse some of their words; what is refused is told in other words where there are any.
import type { Quirk } from '#shared/quirks.ts';
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';

type Rule = Extract<Quirk, { kind: 'schemas' }>;

/** References inside references are followed so deep; schemas that contain themselves end in any value. */
const DEEPEST = 6;
/** The schemas of a request become no more parts than this by following references: one that contains itself in ten places would be a million. Rather they are followed less deep. */
const MOST_PARTS = 40_000;

interface Bending {
  readonly without: ReadonlySet<string>;
  readonly root: Json;
  /** How deep references are followed. */
  readonly deepest: number;
  /** Parts that it may still become; below 0 there were too many. */
  left: number;
}

/** A step of a reference as the name it stands for; null when it is no text in UTF-8. */
function toName(step: string): string | null {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return null;
  }
}

/** What a local reference stands for; null when it leads elsewhere. */
function find(root: Json, reference: string): Json | null {
  if (!reference.startsWith('#/')) return reference === '#' ? root : null;
  let at: unknown = root;
  for (const step of reference.slice(2).split('/')) at = toRecord(at)[toName(step) ?? ''];
  return isRecord(at) ? at : null;
}

/** Words that have others which say the same, or nearly. */
function inOtherWords(schema: Json, without: ReadonlySet<string>): Json {
  const next: Record<string, unknown> = { ...schema };
  if (without.has('const') && next['const'] !== undefined) next['enum'] ??= [next['const']];
  if (without.has('oneOf') && Array.isArray(next['oneOf'])) next['anyOf'] ??= next['oneOf'];
  if (without.has('exclusiveMinimum') && typeof next['exclusiveMinimum'] === 'number')
    next['minimum'] ??= next['exclusiveMinimum'];
  if (without.has('exclusiveMaximum') && typeof next['exclusiveMaximum'] === 'number')
    next['maximum'] ??= next['exclusiveMaximum'];
  return next;
}

/** Parts that must all hold are laid over each other. */
function withAllOf(schema: Json): Json {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf)) return schema;
  const parts = [rest, ...allOf.map(toRecord)];
  const properties = parts.flatMap((part) => Object.entries(toRecord(part['properties'])));
  const required = new Set(parts.flatMap((part) => toList(part['required'])));
  return {
    ...Object.fromEntries(parts.flatMap((part) => Object.entries(part))),
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
    ...(required.size === 0 ? {} : { required: [...required] }),
  };
}

function bend(given: unknown, bending: Bending, depth: number): unknown {
  if (!isRecord(given) || bending.left-- <= 0) return given;
  const { without, root, deepest } = bending;
  let schema = given;
  const reference = toText(schema['$ref']);
  if (reference !== null && without.has('$ref')) {
    const { $ref: _, ...beside } = schema;
    const meant = depth < deepest ? find(root, reference) : null;
    return meant === null ? { ...beside } : bend({ ...meant, ...beside }, bending, depth + 1);
  }
  if (without.has('allOf')) schema = withAllOf(schema);
  const told = inOtherWords(schema, without);
  const next: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(told))
    if (!without.has(name)) next[name] = inside(name, value, bending, depth);
  return next;
}

const named: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions', 'patternProperties']);
const listed: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const single: ReadonlySet<string> = new Set(['items', 'not', 'contains', 'additionalProperties', 'propertyNames']);

/** A member of a schema; only where schemas stand are words left out, not names of properties or values. */
function inside(name: string, value: unknown, ...rest: readonly [Bending, number]): unknown {
  const [bending, depth] = rest;
  if (single.has(name)) return bend(value, bending, depth);
  if (listed.has(name)) return toList(value).map((one) => bend(one, bending, depth));
  if (!named.has(name) || !isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bend(one, bending, depth)]));
}

/** The schema without the words; the very same where it holds none of them. `most`: parts it may become by following references. */
export function toPlainSchema(schema: unknown, without: readonly string[], most = MOST_PARTS): unknown {
  if (!isRecord(schema)) return schema;
  const words = new Set(without);
  const text = JSON.stringify(schema);
  if (!without.some((word) => text.includes(`"${word}"`))) return schema;
  let bending: Bending;
  let plain: unknown;
  let deepest = DEEPEST;
  do {
    bending = { without: words, root: schema, deepest, left: deepest === 0 ? Infinity : most };
    plain = bend(schema, bending, 0);
  } while (bending.left < 0 && deepest-- > 0);
  return JSON.stringify(plain) === text ? schema : plain;
}

/** Bends the schemas of tools and of the answer in a draft of a chat request. True when any had to be. */
export function bendSchemas(draft: Record<string, unknown>, { without }: Pick<Rule, 'without'>): boolean {
  const given = toList(draft['tools']);
  const most = Math.floor(MOST_PARTS / (given.length + 1));
  let isBent = false;
  const plain = (schema: unknown): unknown => {
    const next = toPlainSchema(schema, without, most);
    if (next !== schema) isBent = true;
    return next;
  };
  const tools = given.map((tool) => {
    const target = toRecord(toRecord(tool)['function']);
    const parameters = plain(target['parameters']);
    return parameters === target['parameters'] ? tool : { ...toRecord(tool), function: { ...target, parameters } };
  });
  if (isBent) draft['tools'] = tools;
  const format = toRecord(draft['response_format']);
  const answer = toRecord(format['json_schema']);
  const schema = plain(answer['schema']);
  if (schema !== answer['schema']) draft['response_format'] = { ...format, json_schema: { ...answer, schema } };
  return isBent;
}
