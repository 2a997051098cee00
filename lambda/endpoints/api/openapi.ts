// Describes /api by OpenAPI 3.1, from the same schemas by which requests are checked.
import * as z from 'zod/mini';
import { controlsSchema } from '../../gateway/asked-controls.ts';
import { describeInference } from './openapi-inference.ts';
import { errorReply, JSON_TYPE, toOperationId, type Json } from './openapi-words.ts';
import type { ApiRoute } from './route.ts';

const toSchema = (schema: z.ZodMiniType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
};

function toParameters({ path, query }: ApiRoute): Json[] {
  const inPath = [...path.matchAll(/:([^/]+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const described = query === null ? {} : toSchema(query, 'input');
  const properties = (described['properties'] ?? {}) as Record<string, Json>;
  const required = (described['required'] ?? []) as string[];
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
  return [...inPath, ...inQuery];
}

const toBraces = (path: string): string => path.replace(/:([^/]+)/g, '{$1}');

/** A text that is a document all the same is one without a schema of ours. */
const toTextSchema = (type: string): Json => ({ type: type === JSON_TYPE ? 'object' : 'string' });

function toOperation(route: ApiRoute): Json {
  const { summary, access, body, reply, texts } = route;
  const content = {
    ...Object.fromEntries(texts.map((type) => [type, { schema: toTextSchema(type) }])),
    ...(reply === null ? {} : { [JSON_TYPE]: { schema: toSchema(reply, 'output') } }),
  };
  const success = { description: 'Done.', ...(Object.keys(content).length === 0 ? {} : { content }) };
  return {
    operationId: toOperationId(route.method, toBraces(route.path)),
    tags: [route.path.split('/')[2] ?? ''],
    summary,
    parameters: toParameters(route),
    ...(access === 'open' ? { security: [] } : {}),
    ...(body === null
      ? {}
      : { requestBody: { required: true, content: { [JSON_TYPE]: { schema: toSchema(body, 'input') } } } }),
    responses: { '2XX': success, default: errorReply },
  };
}

interface Description extends Json {
  readonly components: Json;
  readonly paths: Json;
}

/** The description of these routes, and of inference beside them. */
export function toWholeOpenApi(routes: readonly ApiRoute[], version: string): Json {
  const { components, paths, ...rest } = toOpenApi(routes, version);
  const inference = describeInference(toSchema(controlsSchema, 'input'));
  return {
    ...rest,
    components: { ...components, ...inference.components },
    paths: { ...inference.paths, ...paths },
  };
}

/** The description of these routes. */
export function toOpenApi(routes: readonly ApiRoute[], version: string): Description {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = toBraces(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Freeway',
      version,
      description:
        'People, keys, credentials, usage and settings; and inference, which follows the formats of OpenAI, Anthropic and Gemini.',
    },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key, a session token, or a Google ID token.' },
        session: { type: 'apiKey', in: 'cookie', name: 'fw' },
      },
    },
    security: [{ bearer: [] }, { session: [] }],
    paths,
  };
}
