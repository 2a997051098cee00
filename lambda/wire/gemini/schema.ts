// Schemas of the Gemini format (a dialect of OpenAPI) as JSON Schema.
import type { Json } from '../json.ts';
import { isRecord } from '../json.ts';

/** Members that hold one schema, several in a list, and several by name. */
const single: ReadonlySet<string> = new Set(['items']);
const several: ReadonlySet<string> = new Set(['anyOf', 'any_of', 'oneOf', 'allOf', 'prefixItems']);
/** Members that JSON Schema does not know. */
const foreign: ReadonlySet<string> = new Set(['nullable', 'propertyOrdering', 'property_ordering', 'example']);
const counts: ReadonlySet<string> = new Set([
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
]);

function toMember(name: string, value: unknown): unknown {
  if (name === 'type' && typeof value === 'string') return value.toLowerCase();
  if (single.has(name)) return toJsonSchema(value);
  if (several.has(name) && Array.isArray(value)) return value.map(toJsonSchema);
  if (name === 'properties' && isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, schema]) => [key, toJsonSchema(schema)]));
  // 64-bit numbers come as text.
  return counts.has(name) && typeof value === 'string' ? Number(value) : value;
}

/** The schema as JSON Schema; what is none is answered as it is. */
export function toJsonSchema(schema: unknown): unknown {
  if (!isRecord(schema)) return schema;
  const members = Object.entries(schema).filter(
    ([name, value]) => !foreign.has(name) && !(name === 'type' && value === 'TYPE_UNSPECIFIED'),
  );
  const told: Record<string, unknown> = Object.fromEntries(
    members.map(([name, value]) => [name === 'any_of' ? 'anyOf' : name, toMember(name, value)]),
  );
  if (schema['nullable'] === true && typeof told['type'] === 'string') told['type'] = [told['type'], 'null'];
  return told;
}

/** The parameters of a function, given in either way. Without any it takes an empty object. */
export function toParameters(given: unknown, asJsonSchema: unknown): Json {
  const schema = isRecord(asJsonSchema) ? asJsonSchema : toJsonSchema(given);
  return isRecord(schema) ? schema : { type: 'object', properties: {} };
}
