// Writes a Gemini request: for callers of the same format as they sent it, for all others from the OpenAI chat format.
import { bendBody } from '../openai-chat/quirks.ts';
import type { Json } from '../json.ts';
import { isRecord, toAmount, toList, toRecord, toText } from '../json.ts';
import type { Field } from '../splice.ts';
import type { ChatQuestion, RenderedRequest, RequestTarget } from '../types.ts';
import { bearsMarks } from '../anthropic/pivot-marks.ts';
import { effortBudgets, toEffortBody } from '../pivot-effort.ts';
import { noteStrict, toOffer } from '../pivot-offer.ts';
import { ownFields } from './question.ts';
import { areRefused } from '../signatures.ts';
import { markForeign, toContents, toUnsigned } from './request-contents.ts';

/** The request for the target. */
export function renderRequest(
  question: ChatQuestion,
  _: readonly Field[] | null,
  target: RequestTarget,
): RenderedRequest {
  return question.wire === 'gemini' ? asSent(question, target) : fromPivot(question, target);
}

/** Model and stream stand in the URL. */
function asSent({ body }: ChatQuestion, { stripped, maxOutputTokens }: RequestTarget): RenderedRequest {
  const next: Record<string, unknown> = { ...body };
  lowerBound(next, maxOutputTokens ?? Infinity);
  for (const name of [...ownFields, ...stripped]) delete next[name];
  const contents = toList(body['contents']);
  next['contents'] = areRefused(stripped) ? toUnsigned(contents) : markForeign(contents);
  return { text: JSON.stringify(next), dropped: [] };
}

/** The bound in either spelling. One above what the model writes is refused. */
function lowerBound(body: Record<string, unknown>, most: number): void {
  for (const [name, field] of [
    ['generationConfig', 'maxOutputTokens'],
    ['generation_config', 'max_output_tokens'],
  ] as const) {
    const config = toRecord(body[name]);
    if (Number(config[field]) > most) body[name] = { ...config, [field]: most };
  }
}

/** Fields of the OpenAI chat format that are told here in other words, or mean nothing to a provider. */
const told: ReadonlySet<string> = new Set([
  'model', 'models', 'freeway', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'top_k', 'seed',
  'presence_penalty', 'frequency_penalty', 'stop', 'tools', 'functions', 'tool_choice', 'function_call', 'parallel_tool_calls',
  'response_format', 'reasoning_effort', 'n',
]); // prettier-ignore

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== false;

function fromPivot({ pivot, marked }: ChatQuestion, target: RequestTarget): RenderedRequest {
  const asked = toEffortBody(bendBody(pivot, target));
  const dropped = new Set(Object.keys(asked).filter((name) => !told.has(name) && isGiven(asked[name])));
  if (marked !== undefined || bearsMarks(asked)) dropped.add('cache_control');
  const bent = toOffer(asked, dropped);
  const { system, contents: signed } = toContents(bent['messages'], dropped);
  const contents = areRefused(target.stripped) ? toUnsigned(signed) : signed;
  const functions = toFunctions(bent);
  noteStrict(bent, dropped);
  if (functions.length > 0 && bent['parallel_tool_calls'] === false) dropped.add('parallel_tool_calls');
  const effort = toText(bent['reasoning_effort']);
  if (effort !== null && effortBudgets[effort] === undefined) dropped.add('reasoning_effort');
  const config = toConfig(bent);
  const body: Json = {
    contents,
    ...(system === '' ? {} : { systemInstruction: { parts: [{ text: system }] } }),
    ...(functions.length === 0 ? {} : { tools: [{ functionDeclarations: functions }], ...toChoice(bent) }),
    ...(Object.keys(config).length === 0 ? {} : { generationConfig: config }),
  };
  return { text: JSON.stringify(body), dropped: [...dropped] };
}

function toFunctions({ tools, functions }: Json): Json[] {
  const all = [...toList(tools).map((tool) => toRecord(tool)['function']), ...toList(functions)];
  return all.filter(isRecord).map(({ name, description, parameters }) => ({
    name,
    ...(toText(description) === null ? {} : { description }),
    ...(isRecord(parameters) ? { parametersJsonSchema: parameters } : {}),
  }));
}

const modes: Readonly<Record<string, string>> = { auto: 'AUTO', required: 'ANY', none: 'NONE' };

function toChoice(body: Json): Json {
  const choice = body['tool_choice'] ?? body['function_call'];
  if (typeof choice === 'string') return toCalling({ mode: modes[choice] ?? 'AUTO' });
  const given = toRecord(choice);
  const name = toText(toRecord(given['function'])['name'] ?? given['name']);
  return name === null ? {} : toCalling({ mode: 'ANY', allowedFunctionNames: [name] });
}

const toCalling = (functionCallingConfig: Json): Json => ({ toolConfig: { functionCallingConfig } });

function toFormat({ response_format: given }: Json): Json {
  const format = toRecord(given);
  const schema = toRecord(format['json_schema'])['schema'];
  if (format['type'] === 'json_schema' && isRecord(schema))
    return { responseMimeType: 'application/json', responseJsonSchema: schema };
  return format['type'] === 'json_object' ? { responseMimeType: 'application/json' } : {};
}

function toConfig(body: Json): Json {
  const effort = toText(body['reasoning_effort']);
  const budget = effort === null ? undefined : effortBudgets[effort];
  const stops = [body['stop']].flat().filter((stop) => typeof stop === 'string' && stop !== '');
  const config: Record<string, unknown> = {
    temperature: body['temperature'],
    topP: body['top_p'],
    topK: body['top_k'],
    seed: body['seed'],
    presencePenalty: body['presence_penalty'],
    frequencyPenalty: body['frequency_penalty'],
    maxOutputTokens: toAmount(body['max_completion_tokens']) ?? toAmount(body['max_tokens']),
    stopSequences: stops.length === 0 ? undefined : stops,
    thinkingConfig: budget === undefined ? undefined : { thinkingBudget: budget, includeThoughts: budget > 0 },
    ...toFormat(body),
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined && value !== null));
}
