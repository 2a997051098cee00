// What all parts of the description have in common: the type of bodies, how errors look, and the names of operations.

/** A part of the description. */
export type Json = Readonly<Record<string, unknown>>;

/** The type of most bodies. */
export const JSON_TYPE = 'application/json';

/** A name for generated clients: GET of `/api/keys/{id}` is `getKeysById`. */
export function toOperationId(method: string, path: string): string {
  const words = path
    .replace(/^\/api\//, '')
    .replace(/\{(\w+)\}/g, 'by-$1')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}

/** An error, as OpenAI's format has it. */
export const errorReply: Json = {
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
