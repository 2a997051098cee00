// Writes a Responses request: for callers of the same format inside their own text, for all others from the OpenAI chat format.
import { bendBody } from '../openai-chat/quirks.ts';
import { rewriteBody } from '../rewrite.ts';
import type { Field } from '../splice.ts';
import type { ChatQuestion, RenderedRequest, RequestTarget } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';
import { bearsMarks } from '../anthropic/pivot-marks.ts';
import { toEffortBody } from '../pivot-effort.ts';
import { fitForeign } from './foreign.ts';
import { toOffer } from '../pivot-offer.ts';

/** Fields of the OpenAI chat format that mean the same here. */
const alike = [
  'temperature',
  'top_p',
  'parallel_tool_calls',
  'metadata',
  'user',
  'service_tier',
  'top_logprobs',
  'prompt_cache_key',
  'safety_identifier',
] as const;
/** Fields that are told in other words, or mean nothing to a provider. */
const told: ReadonlySet<string> = new Set([
  ...alike, 'model', 'models', 'freeway', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'tools',
  'functions', 'tool_choice', 'function_call', 'response_format', 'reasoning_effort', 'verbosity', 'store', 'n',
]); // prettier-ignore

/** The request for the target. */
export function renderRequest(
  question: ChatQuestion,
  fields: readonly Field[] | null,
  target: RequestTarget,
): RenderedRequest {
  const { wire, body, pivot, stream, marked } = question;
  if (wire === 'openai-responses') {
    const { body: bent, dropped } = fitForeign(bendBody(body, target));
    const rendered = rewriteBody(body, fields, { ...bent, model: target.model });
    return dropped.length === 0 ? rendered : { text: rendered.text, dropped };
  }
  const asked = toEffortBody(bendBody(pivot, target));
  const dropped = new Set(Object.keys(asked).filter((name) => !told.has(name) && isGiven(asked[name])));
  if (marked !== undefined || bearsMarks(asked)) dropped.add('cache_control');
  const bent = toOffer(asked, dropped);
  const tools = toTools(bent);
  const text = toTextOptions(bent);
  const bound = bent['max_completion_tokens'] ?? bent['max_tokens'];
  const next: Record<string, unknown> = {
    model: target.model,
    input: toList(bent['messages']).flatMap((message, index) => toItems(toRecord(message), index, dropped)),
    store: false,
    ...(stream ? { stream } : {}),
    ...Object.fromEntries(alike.filter((name) => isGiven(bent[name])).map((name) => [name, bent[name]])),
    ...(isGiven(bound) ? { max_output_tokens: bound } : {}),
    ...(tools.length === 0 ? {} : { tools, ...toChoice(bent) }),
    ...(Object.keys(text).length === 0 ? {} : { text }),
    ...(toText(bent['reasoning_effort']) === null ? {} : { reasoning: { effort: bent['reasoning_effort'] } }),
  };
  for (const field of target.stripped) delete next[field.split('.')[0] ?? field];
  return { text: JSON.stringify(next), dropped: [...dropped] };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function toTools(body: Json): Json[] {
  const functions = toList(body['tools'])
    .map(toRecord)
    .filter(({ type }) => type === 'function')
    .map((tool) => toRecord(tool['function']));
  return [...functions, ...toList(body['functions']).map(toRecord)].map(
    ({ name, description, parameters, strict }) => ({
      type: 'function',
      name,
      ...(toText(description) === null ? {} : { description }),
      parameters: isRecord(parameters) ? parameters : { type: 'object', properties: {} },
      strict: strict === true,
    }),
  );
}

function toChoice(body: Json): Json {
  const choice = body['tool_choice'] ?? body['function_call'];
  const named = toText(toRecord(toRecord(choice)['function'])['name']) ?? toText(toRecord(choice)['name']);
  if (named !== null) return { tool_choice: { type: 'function', name: named } };
  return typeof choice === 'string' ? { tool_choice: choice } : {};
}

function toTextOptions(body: Json): Json {
  const { type, json_schema: given } = toRecord(body['response_format']);
  const verbosity = toText(body['verbosity']) === null ? {} : { verbosity: body['verbosity'] };
  if (type === 'json_object') return { format: { type }, ...verbosity };
  return type === 'json_schema' ? { format: { type, ...toRecord(given) }, ...verbosity } : verbosity;
}

function toItems(message: Json, place: number, dropped: Set<string>): Json[] {
  const { role, content } = message;
  if (role === 'tool' || role === 'function') {
    const id = toText(message['tool_call_id']) ?? `call_${place - 1}`;
    const isPlain = toList(content).every((part) => toRecord(part)['type'] === 'text');
    return [
      { type: 'function_call_output', call_id: id, output: isPlain ? textOf(content) : toContent(content, dropped) },
    ];
  }
  if (role !== 'assistant') return [{ type: 'message', role, content: toContent(content, dropped) }];
  const text = textOf(content) + (toText(message['refusal']) ?? '');
  const older = message['function_call'];
  const calls = toList(message['tool_calls']).map(toRecord);
  const all = calls.length === 0 && isRecord(older) ? [{ id: `call_${place}`, function: older }] : calls;
  return [
    ...(text === '' ? [] : [{ type: 'message', role, content: [{ type: 'output_text', text }] }]),
    ...all.map((call) => {
      const { name, arguments: given } = toRecord(call['function']);
      return { type: 'function_call', call_id: call['id'], name, arguments: given };
    }),
  ];
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return toList(content)
    .map((part) => toText(toRecord(part)['text']) ?? toText(toRecord(part)['refusal']) ?? '')
    .join('');
}

/** A name goes with data only. */
function toFile({ file_url: url, ...file }: Json): Json {
  return { type: 'input_file', ...(url === undefined ? file : { file_url: url }) };
}

function toContent(content: unknown, dropped: Set<string>): unknown {
  if (typeof content === 'string') return content;
  return toList(content).flatMap((given): Json[] => {
    const part = toRecord(given);
    const { type } = part;
    if (type === 'text') return [{ type: 'input_text', text: part['text'] }];
    const { url, detail } = toRecord(part['image_url']);
    if (type === 'image_url') return [{ type: 'input_image', image_url: url, detail: toText(detail) ?? 'auto' }];
    if (type === 'file') return [toFile(toRecord(part['file']))];
    dropped.add(`messages.content.${String(type)}`);
    return [];
  });
}
