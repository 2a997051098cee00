// The published schemas of the OpenAI formats, ready to judge what Freeway writes.
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

interface Schema {
  readonly $id: string;
  readonly components: { readonly schemas: Record<string, Record<string, unknown>> };
}

const read = (name: string): Schema =>
  JSON.parse(readFileSync(new URL(`../fixtures/specs/${name}`, import.meta.url), 'utf8')) as Schema;

/** Where the schema is stricter than the replies it was made for. */
function relax({ components: { schemas } }: Schema): void {
  const response = schemas['ModelResponseProperties'];
  const properties = response?.['properties'] as Record<string, unknown> | undefined;
  if (properties) properties['user'] = { type: ['string', 'null'] };
  // OpenAI itself sends null here.
  for (const name of ['CreateChatCompletionResponse', 'CreateChatCompletionStreamResponse']) {
    const members = schemas[name]?.['properties'] as Record<string, unknown> | undefined;
    if (members) members['system_fingerprint'] = { type: ['string', 'null'] };
  }
  const usage = schemas['ResponseUsage'];
  if (usage) usage['type'] = ['object', 'null'];
}

/** A judge of one schema: the complaints, none when the document is as it should be. */
export function createJudge(file: string): (schema: string, document: unknown) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const spec = read(file);
  relax(spec);
  ajv.addSchema(spec);
  const compiled = new Map<string, ValidateFunction>();
  return (name, document) => {
    const validate = compiled.get(name) ?? ajv.compile({ $ref: `${spec.$id}#/components/schemas/${name}` });
    compiled.set(name, validate);
    if (validate(document)) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  };
}
