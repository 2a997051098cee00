// Describes /api by OpenAPI 3.1, from the same schemas by which requests are checked.
import * as z from 'zod/mini';
import type { ApiRoute } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

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

const errorReply: Json = {
  description: 'What is wrong and what to do next.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        required: ['error'],
        properties: {
          error: {
            type: 'object',
            required: ['message', 'type', 'code', 'request_id', 'retryable'],
            properties: {
              message: { type: 'string' },
              type: { type: 'string' },
              code: { type: 'string' },
              param: { type: ['string', 'null'] },
              request_id: { type: 'string' },
              retryable: { type: 'boolean' },
            },
          },
        },
      },
    },
  },
};

const JSON_TYPE = 'application/json';

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
    summary,
    parameters: toParameters(route),
    ...(access === 'open' ? { security: [] } : {}),
    ...(body === null
      ? {}
      : { requestBody: { required: true, content: { [JSON_TYPE]: { schema: toSchema(body, 'input') } } } }),
    responses: { '2XX': success, default: errorReply },
  };
}

/** The description of these routes. */
export function toOpenApi(routes: readonly ApiRoute[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:([^/]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Freeway',
      version,
      description:
        'People, keys, credentials, usage and settings. Inference follows the formats of OpenAI, Anthropic and Gemini.',
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
