// Tells the input items of a Responses request as messages of the OpenAI chat format.
import type { Json } from '../json.ts';
import { isRecord, toList, toRecord, toText } from '../json.ts';
import { addSystem } from '../pivot-system.ts';
import { fail, failShowing } from '../openai-chat/fields.ts';
import { fromSeal } from '../seals.ts';
import { toExtra } from '../signatures.ts';
import { isThoughtReference } from './foreign.ts';
import type { Pivot } from './question.ts';
import { flatNameOf } from './tool-names.ts';

/** Why there is nothing to refer to, and what clients have to be told that refer to items by themselves. */
const UNSTORED =
  'an item itself, because Freeway stores none that could be referred to: send the whole conversation with "store": false ' +
  '(in the Vercel AI SDK, providerOptions: { openai: { store: false } })';

const roles: ReadonlySet<unknown> = new Set(['user', 'assistant', 'system', 'developer']);

/** Adds the whole input. Throws CallerError naming the field at fault. */
export function addInput(pivot: Pivot, input: unknown): void {
  if (typeof input === 'string') return void pivot.messages.push({ role: 'user', content: input });
  if (!Array.isArray(input) || input.length === 0)
    return fail('input', 'a string or a non-empty array of items', input);
  input.forEach((item: unknown, index) => {
    const path = `input[${index}]`;
    if (!isRecord(item)) return fail(path, 'an object', item);
    addItem(pivot, item, path);
  });
  if (pivot.messages.length === 0) fail('input', 'an item that says something', []);
}

function addItem(pivot: Pivot, item: Json, path: string): void {
  const type = item['type'] ?? 'message';
  switch (type) {
    case 'message':
      return addMessage(pivot, item, path);
    case 'function_call':
      return addCall(pivot, item, { path, text: item['arguments'] });
    case 'custom_tool_call':
      return addCall(pivot, item, { path, text: JSON.stringify({ input: item['input'] ?? '' }) });
    case 'function_call_output':
    case 'custom_tool_call_output':
      return addOutput(pivot, item, path);
    case 'additional_tools':
    case 'tool_search_output':
      // What they add stands among the tools.
      return;
    case 'item_reference':
      if (isThoughtReference(item)) return void pivot.dropped.add('input.reasoning');
      return fail(path, UNSTORED, item);
    default:
      if (type === 'reasoning' && fromSeal(item['encrypted_content']) !== null)
        return void (pivot.signature = fromSeal(item['encrypted_content']));
      if (type === 'reasoning') pivot.thoughts.push(toThought(item));
      // Thoughts, and what hosted tools did in earlier turns, matter to few others.
      if (
        type === 'reasoning' ||
        /_(call|call_output|list_tools|approval_request)$/.test(String(type)) ||
        isSpare(pivot, type)
      )
        pivot.dropped.add(`input.${String(type)}`);
      else pivot.messages.push({ role: 'user', content: toBound(pivot, path) });
  }
}

/** Whether it is a sealed summary of what is sent beside it: where no answer is, the summary stands for all of them. */
const isSpare = ({ hasAnswer }: Pivot, type: unknown): boolean => hasAnswer && String(type).startsWith('compaction');

/** The last message, which what comes next may belong to; none where a result stands behind it. */
const lastOpen = ({ messages, results }: Pivot): Json | undefined =>
  results.has(messages.length - 1) ? undefined : messages.at(-1);

function addAnswer(pivot: Pivot, answer: Json): void {
  pivot.hasAnswer = true;
  pivot.messages.push(withThoughts(pivot, answer));
}

function addMessage(pivot: Pivot, item: Json, path: string): void {
  const { role, content } = item;
  if (!roles.has(role)) return failShowing(`${path}.role`, 'one of user, assistant, system, developer', role);
  const isSystem = role === 'system' || role === 'developer';
  if (role !== 'assistant') pivot.thoughts.length = 0;
  if (typeof content === 'string') {
    if (isSystem) return addSystem(pivot.messages, content);
    return role === 'assistant' ? addSaid(pivot, content) : void pivot.messages.push({ role, content });
  }
  if (!Array.isArray(content)) return fail(`${path}.content`, 'a string or an array of parts', content);
  const parts = content.flatMap((part: unknown, index) => toParts(pivot, part, `${path}.content[${index}]`));
  const isText = parts.every(({ type }) => type === 'text');
  if (parts.length === 0) return;
  // Only callers' own words come in parts everywhere.
  const text = parts.map((part) => part['text']).join(role === 'assistant' ? '' : '\n');
  if (isSystem) return addSystem(pivot.messages, text);
  if (role === 'assistant' && isText) return addSaid(pivot, text);
  pivot.hasAnswer ||= role === 'assistant';
  pivot.messages.push({ role, content: isText && (role !== 'user' || parts.length === 1) ? text : parts });
}

/** What was said behind calls stands beside them, since the results must follow the calls. */
function addSaid(pivot: Pivot, text: string): void {
  const { messages } = pivot;
  const last = lastOpen(pivot);
  if (last === undefined || toList(last['tool_calls']).length === 0)
    return addAnswer(pivot, { role: 'assistant', content: text });
  messages[messages.length - 1] = withThoughts(pivot, { ...last, content: `${toText(last['content']) ?? ''}${text}` });
}

/** Calls of one turn stand in one message. */
function addCall(pivot: Pivot, item: Json, { path, text }: { path: string; text: unknown }): void {
  const { call_id: id, name } = item;
  if (toText(id) === null) return fail(`${path}.call_id`, 'a non-empty string', id);
  if (toText(name) === null) return fail(`${path}.name`, 'a non-empty string', name);
  if (typeof text !== 'string') return fail(`${path}.arguments`, 'a string of JSON', text);
  const called = { name: flatNameOf(pivot.tools, item), arguments: text };
  const call = { id, type: 'function', function: called, ...toExtra(pivot.signature) };
  pivot.signature = null;
  const last = lastOpen(pivot);
  if (last?.['role'] !== 'assistant') addAnswer(pivot, { role: 'assistant', content: null, tool_calls: [call] });
  else {
    // The list is ours: copied for each call, a turn of many would take the square of their number.
    const calls = Array.isArray(last['tool_calls']) ? last['tool_calls'] : [];
    calls.push(call);
    pivot.messages[pivot.messages.length - 1] = withThoughts(pivot, { ...last, tool_calls: calls });
  }
  pivot.calledBy.set(id, pivot.messages.length - 1);
}

/** What a thought says in words; some are sealed, and say nothing to others. */
function toThought({ content, summary }: Json): string {
  const parts = toList(content).length > 0 ? toList(content) : toList(summary);
  return parts.map((part) => toText(toRecord(part)['text']) ?? '').join('\n');
}

/** The message of an answer, with what was thought before it. */
function withThoughts({ thoughts }: Pivot, message: Json): Json {
  const all = [message['reasoning_content'], ...thoughts.splice(0)].filter((one) => toText(one) !== null);
  return all.length === 0 ? message : { ...message, reasoning_content: all.join('\n') };
}

/** Results stand behind the calls they answer, whatever was said in between. */
function addResult({ messages, calledBy, results }: Pivot, id: unknown, content: string): void {
  const result = { role: 'tool', tool_call_id: id, content };
  const at = calledBy.get(id);
  if (at === undefined) return void messages.push(result);
  const behind = results.get(at) ?? [];
  behind.push(result);
  results.set(at, behind);
}

/** Pictures among the output follow in a message of their own, since results of tools are text. */
function addOutput(pivot: Pivot, item: Json, path: string): void {
  const { call_id: id, output } = item;
  if (toText(id) === null) return fail(`${path}.call_id`, 'a non-empty string', id);
  if (typeof output === 'string') return addResult(pivot, id, output);
  if (!Array.isArray(output)) return fail(`${path}.output`, 'a string or an array of parts', output);
  const parts = output.flatMap((part: unknown, index) => toParts(pivot, part, `${path}.output[${index}]`));
  const text = parts.flatMap((part) => (part['type'] === 'text' ? [String(part['text'])] : [])).join('\n');
  const others = parts.filter(({ type }) => type !== 'text');
  const content = text === '' && others.length > 0 ? 'The result follows in the next message.' : text;
  addResult(pivot, id, content);
  if (others.length === 0) return;
  const told = { type: 'text', text: `Returned by the tool call ${String(id)}:` };
  pivot.messages.push({ role: 'user', content: [told, ...others] });
}

function toParts(pivot: Pivot, part: unknown, path: string): Json[] {
  if (!isRecord(part)) return fail(path, 'an object', part);
  const { type, text, refusal, image_url: url, detail, input_audio: audio } = part;
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
      return typeof text === 'string' ? [{ type: 'text', text }] : fail(`${path}.text`, 'a string', text);
    case 'refusal':
      return typeof refusal === 'string'
        ? [{ type: 'text', text: refusal }]
        : fail(`${path}.refusal`, 'a string', refusal);
    case 'input_image':
      if (toText(url) !== null)
        return [{ type: 'image_url', image_url: { url, ...(toText(detail) === null ? {} : { detail }) } }];
      break;
    case 'input_file':
      return toFile(pivot, part, path);
    case 'input_audio':
      return [{ type, input_audio: toRecord(audio) }];
  }
  return toBound(pivot, path);
}

function toFile(pivot: Pivot, { file_data: data, file_url: url, filename }: Json, path: string): Json[] {
  if (toText(data) !== null)
    return [{ type: 'file', file: { filename: toText(filename) ?? 'document.pdf', file_data: data } }];
  if (toText(url) !== null)
    return [{ type: 'file', file: { ...(toText(filename) === null ? {} : { filename }), file_url: url } }];
  return toBound(pivot, path);
}

/** Stands for what only providers of this format are given. */
function toBound(pivot: Pivot, path: string): Json[] {
  pivot.bound.add(path);
  return [{ type: 'text', text: '[attachment]' }];
}
