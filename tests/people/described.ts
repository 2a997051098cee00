// What /openapi.json says of a reply, ready to judge the replies that there are.
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import { toOpenApi, toWholeOpenApi } from '#lambda/endpoints/api/openapi.ts';
import type { ApiDeps } from '#lambda/endpoints/api/route.ts';
import { toApiRoutes } from '#lambda/endpoints/api/routes.ts';
import type { Answer } from './house.ts';

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: AnySchemaObject }>>;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: AnySchemaObject;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<'2XX' | 'default', Content & { readonly description: string }>>;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Routes close over their services and ask nothing of them until they are called. */
const nobody = new Proxy({}, { get: () => new Proxy({}, { get: () => ({}) }) });

/** With inference beside it, as it is served. */
export const whole = toWholeOpenApi(toApiRoutes(nobody as ApiDeps), '0.0.0') as unknown as Document & {
  readonly components: Readonly<Record<'schemas' | 'parameters' | 'headers', object>>;
};

export const description = toOpenApi(toApiRoutes(nobody as ApiDeps), '0.0.0') as unknown as Document;

/** Operations by method and path as the routes name them: `GET /api/keys/:id`. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path.replace(/\{(.+?)\}/g, ':$1')}`,
      operation,
    ]),
  ),
);

/** Strict: a word of a schema that means nothing is a mistake of ours. */
export const ajv = new Ajv2020({
  strict: true,
  allowUnionTypes: true,
  strictTypes: false,
  allErrors: true,
  validateFormats: false,
});

/** What of a reply is not as it is described; nothing when all is. */
export function faultsOf(route: string, { status, headers, json }: Answer): string[] {
  const operation = operations.get(route);
  if (operation === undefined) return [`${route} is not described.`];
  const { content } = operation.responses[status < 400 ? '2XX' : 'default'];
  const type = headers['content-type']?.split(';')[0] ?? null;
  if (content === undefined) return type === null ? [] : [`${type} is answered, and nothing is described.`];
  const schema = type === null ? undefined : content[type]?.schema;
  if (schema === undefined) return [`${type ?? 'nothing'} is answered; described: ${Object.keys(content).join(', ')}.`];
  if (type !== 'application/json') return [];
  const validate = ajv.compile(schema);
  return validate(json)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}
