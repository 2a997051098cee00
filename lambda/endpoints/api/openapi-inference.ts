// Describes the URLs at which models are asked: what each is for, whose format it has, our controls and the headers of replies.
// Bodies are described by those whose formats they are; only what is ours stands here.
import { errorReply, JSON_TYPE, toOperationId, type Json } from './openapi-words.ts';

const STREAM_TYPE = 'text/event-stream';

interface Surface {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  /** Where its format is described; absent where it is our own. */
  readonly docs?: string;
  /** The type of its body; absent for a question without one. */
  readonly takes?: string;
  readonly replies: readonly string[];
  /** Whether somebody is chosen for it, as its controls say. */
  readonly isRouted: boolean;
}

const openai = 'https://platform.openai.com/docs/api-reference';
const claude = 'https://docs.claude.com/en/api';
const gemini = 'https://ai.google.dev/api';

const own = (path: string, summary: string): Surface => ({
  method: 'post', path, summary, takes: JSON_TYPE, replies: [JSON_TYPE], isRouted: true,
}); // prettier-ignore
const post = (path: string, summary: string, docs: string): Surface => ({ ...own(path, summary), docs });
const count = (path: string, summary: string, docs: string): Surface => ({
  ...post(path, summary, docs),
  isRouted: false,
});
const chat = (path: string, summary: string, docs: string): Surface => ({
  ...post(path, summary, docs),
  replies: [JSON_TYPE, STREAM_TYPE],
});
const sound = (path: string, summary: string): Surface => ({
  ...post(path, summary, `${openai}/audio`),
  takes: 'multipart/form-data',
  replies: [JSON_TYPE, 'text/plain'],
});
const list = (path: string, summary: string): Surface => ({
  method: 'get', path, summary, replies: [JSON_TYPE], isRouted: false,
}); // prettier-ignore

const geminiAt = (base: string): Surface[] => [
  chat(`${base}/{model}:generateContent`, 'Holds a chat in Gemini’s format.', `${gemini}/generate-content`),
  chat(`${base}/{model}:streamGenerateContent`, 'Holds a chat in Gemini’s format, streamed.', `${gemini}/generate-content`),
  count(`${base}/{model}:countTokens`, 'Counts the tokens of a chat in Gemini’s format.', `${gemini}/tokens`),
  post(`${base}/{model}:embedContent`, 'Makes a vector in Gemini’s format.', `${gemini}/embeddings`),
  post(`${base}/{model}:batchEmbedContents`, 'Makes vectors in Gemini’s format.', `${gemini}/embeddings`),
]; // prettier-ignore

/** Every URL of inference, but for batches and their files, which are OpenAI's and Anthropic's as they stand. */
const surfaces: readonly Surface[] = [
  chat('/v1/chat/completions', 'Holds a chat in OpenAI’s format.', `${openai}/chat`),
  chat('/v1/responses', 'Holds a chat in OpenAI’s Responses format.', `${openai}/responses`),
  chat('/v1/completions', 'Goes on with a text, in OpenAI’s older format.', `${openai}/completions`),
  chat('/v1/messages', 'Holds a chat in Anthropic’s format.', `${claude}/messages`),
  count('/v1/messages/count_tokens', 'Counts the tokens of a chat in Anthropic’s format.', `${claude}/messages-count-tokens`),
  count('/v1/responses/input_tokens', 'Counts the tokens of a chat in OpenAI’s Responses format.', `${openai}/responses/input-tokens`),
  ...geminiAt('/v1beta/models'),
  ...geminiAt('/v1/models'),
  post('/v1/embeddings', 'Makes vectors of texts.', `${openai}/embeddings`),
  post('/v1/images/generations', 'Makes images from words.', `${openai}/images`),
  { ...post('/v1/audio/speech', 'Speaks a text.', `${openai}/audio`), replies: ['audio/*'] },
  sound('/v1/audio/transcriptions', 'Writes down a recording.'),
  sound('/v1/audio/translations', 'Writes down a recording in English.'),
  post('/v1/moderations', 'Judges whether something does harm.', `${openai}/moderations`),
  own('/v1/explain', 'Tells who would be asked, and why, without asking anybody.'),
  list('/v1/models', 'Lists every name that can be called.'),
  list('/v1/models/{id}', 'Tells of one model.'),
  list('/v1beta/models', 'Lists every name that can be called, in Gemini’s format.'),
  list('/v1beta/models/{id}', 'Tells of one model, in Gemini’s format.'),
]; // prettier-ignore

/** What the headers of a reply say. */
const replyHeaders: Readonly<Record<string, string>> = {
  'x-freeway-request-id': 'The id of the request, by which its receipt is found.',
  'x-freeway-route': 'Who answered: provider and model.',
  'x-freeway-credential': 'The name of the key that answered; what is not ASCII in it is percent-encoded.',
  'x-freeway-tier': 'free, local or paid.',
  'x-freeway-attempts': 'How many were asked.',
  'x-freeway-wait-ms': 'Time spent waiting for quota, ms.',
  'x-freeway-cost-usd': 'What it cost in US dollars, where that is known before the body.',
  'x-freeway-trail': 'How each that failed did so.',
  'x-freeway-dropped': 'Fields that could not be told to whoever answered.',
};

/** The headers that say the same as these controls. */
const toControlHeaders = ({ properties }: Json): string[] =>
  Object.keys(properties ?? {}).map((name) => `x-freeway-${name.replaceAll('_', '-')}`);

const toRefs = (names: readonly string[]): Record<string, Json> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** Whether errors are told as OpenAI tells them. */
const isOfOpenAi = ({ path, docs }: { readonly path: string; readonly docs: string | undefined }): boolean =>
  docs === undefined ? !path.startsWith('/v1beta') : docs.startsWith(openai);
const otherErrorReply: Json = {
  description:
    'What is wrong and what to do next, in the format of the URL; code, request_id and retryable are in all.',
  content: { [JSON_TYPE]: { schema: { type: 'object', required: ['error'] } } },
};

const bodySchema: Json = {
  type: 'object',
  properties: { freeway: { $ref: '#/components/schemas/Controls' } },
  additionalProperties: true,
};

function toOperation(
  { method, path, summary, docs, takes, replies, isRouted }: Surface,
  controlHeaders: readonly string[],
): Json {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  return {
    operationId: toOperationId(method, path),
    tags: ['inference'],
    summary,
    ...(docs === undefined ? {} : { externalDocs: { url: docs, description: 'The format' } }),
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...(isRouted ? controlHeaders.map((name) => ({ $ref: `#/components/parameters/${name}` })) : []),
    ],
    ...(takes === undefined ? {} : { requestBody: { required: true, content: { [takes]: { schema: bodySchema } } } }),
    responses: {
      '2XX': {
        description: 'The answer.',
        headers: toRefs(isRouted ? Object.keys(replyHeaders) : ['x-freeway-request-id']),
        content: Object.fromEntries(replies.map((type) => [type, {}])),
      },
      default: {
        ...(isOfOpenAi({ path, docs }) ? errorReply : otherErrorReply),
        headers: toRefs(Object.keys(replyHeaders)),
      },
    },
  };
}

/** The paths of inference, and what they refer to, by the schema of our controls. */
export function describeInference(controls: Json): { readonly paths: Json; readonly components: Json } {
  const controlHeaders = toControlHeaders(controls);
  const paths: Record<string, Record<string, Json>> = {};
  for (const surface of surfaces)
    paths[surface.path] = { ...paths[surface.path], [surface.method]: toOperation(surface, controlHeaders) };
  const toParameter = (name: string): Json => ({
    name,
    in: 'header',
    description: 'As the field of `freeway`, which holds where both are given.',
    schema: { type: 'string' },
  });
  const toHeader = (description: string): Json => ({ description, schema: { type: 'string' } });
  return {
    paths,
    components: {
      schemas: { Controls: { ...controls, description: 'What the request asks of routing.' } },
      parameters: Object.fromEntries(controlHeaders.map((name) => [name, toParameter(name)])),
      headers: Object.fromEntries(Object.entries(replyHeaders).map(([name, text]) => [name, toHeader(text)])),
    },
  };
}
