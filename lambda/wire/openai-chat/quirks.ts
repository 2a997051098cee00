// Bends a request body to the ways in which a provider departs from the format. The given body is never changed.
import type { Quirk } from '#shared/quirks.ts';
import { toFixedId } from '../call-ids.ts';
import type { RequestTarget } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, toList } from '../json.ts';

type Draft = Record<string, unknown>;

/** The body as the target wants it; fields that need no change are the same values. */
export function bendBody(body: Json, target: RequestTarget): Json {
  const draft: Draft = { ...body };
  lowerBounds(draft, target.maxOutputTokens ?? Infinity);
  for (const quirk of target.quirks) {
    if (appliesTo(quirk, target.model)) applyQuirk(draft, quirk, target);
  }
  for (const field of target.stripped) stripField(draft, field, target.stripped);
  return draft;
}

/** True when the quirk is meant for the model: no patterns, or one with `*` as a wildcard that matches. */
export function appliesTo(quirk: Quirk, model: string): boolean {
  return quirk.models === undefined || quirk.models.some((pattern) => matches(pattern, model));
}

function matches(pattern: string, model: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return pattern === model;
  if (!model.startsWith(head)) return false;
  let at = head.length;
  for (const piece of rest) {
    const found = model.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return model.length - tail.length >= at && model.endsWith(tail);
}

function applyQuirk(draft: Draft, quirk: Quirk, { bendSchemas }: RequestTarget): void {
  switch (quirk.kind) {
    case 'drop':
      for (const field of quirk.fields) delete draft[field];
      return;
    case 'rename':
      rename(draft, quirk.from, quirk.to);
      return;
    case 'clamp':
      clamp(draft, quirk);
      return;
    case 'set':
      if (draft[quirk.field] === undefined || draft[quirk.field] === null) draft[quirk.field] = quirk.value;
      return;
    case 'map':
      mapValue(draft, quirk);
      return;
    case 'systemRole':
      editMessages(draft, (message) => withRole(message, quirk.role));
      return;
    case 'dropMessageFields':
      editMessages(draft, (message) => without(message, quirk.fields));
      return;
    case 'callIds':
      editMessages(draft, (message) => withCallIds(message, quirk.length));
      return;
    case 'dropNulls':
      dropNulls(draft);
      return;
    case 'exclusive':
      if (isPresent(draft[quirk.field])) for (const field of quirk.drops) delete draft[field];
      return;
    case 'prefill':
      markPrefill(draft, quirk.field);
      return;
    case 'schemas':
      bendSchemas?.(draft, quirk);
      return;
    // Told by those who write such a format, and by those who read answers.
    case 'mend':
    case 'effort':
    case 'inputs':
    case 'midway':
    case 'promptCache':
    case 'purpose':
    case 'requireHeader':
    case 'routing':
    case 'signatures':
    case 'thoughts':
      return;
  }
}

/** The names of the bound on the reply, in all formats that bodies are bent in. */
const bounds = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const;

/** Most refuse a bound above what the model writes. */
function lowerBounds(draft: Draft, most: number): void {
  for (const name of bounds) if (Number(draft[name]) > most) draft[name] = most;
}

function rename(draft: Draft, from: string, to: string): void {
  if (draft[from] === undefined) return;
  draft[to] = draft[from];
  delete draft[from];
}

function clamp(draft: Draft, quirk: Extract<Quirk, { kind: 'clamp' }>): void {
  const value = draft[quirk.field];
  if (typeof value !== 'number') return;
  draft[quirk.field] = Math.min(Math.max(value, quirk.min ?? -Infinity), quirk.max ?? Infinity);
}

function mapValue(draft: Draft, quirk: Extract<Quirk, { kind: 'map' }>): void {
  const value = draft[quirk.field];
  if (value === undefined) return;
  const same = value === quirk.from || (isRecord(value) && JSON.stringify(value) === JSON.stringify(quirk.from));
  if (!same) return;
  if (quirk.to === null || quirk.to === undefined) delete draft[quirk.field];
  else draft[quirk.field] = quirk.to;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

function markPrefill(draft: Draft, field: string): void {
  const messages = draft['messages'];
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  if (!Array.isArray(messages) || !isRecord(last) || last['role'] !== 'assistant') return;
  draft['messages'] = [...messages.slice(0, -1), { ...last, [field]: true }];
}

/** Replaces `messages` only if at least one message changes. */
export function editMessages(draft: Draft, edit: (message: Json) => Json): void {
  const messages = draft['messages'];
  if (!Array.isArray(messages)) return;
  let changed = false;
  const next = messages.map((message: unknown) => {
    if (!isRecord(message)) return message;
    const edited = edit(message);
    if (edited !== message) changed = true;
    return edited;
  });
  if (changed) draft['messages'] = next;
}

function withRole(message: Json, role: string): Json {
  const now = message['role'];
  const instructs = now === 'system' || now === 'developer';
  return instructs && now !== role ? { ...message, role } : message;
}

export function without(message: Json, fields: readonly string[]): Json {
  if (!fields.some((field) => field in message)) return message;
  return Object.fromEntries(Object.entries(message).filter(([name]) => !fields.includes(name)));
}

/** A conversation may have begun with somebody whose ids look different. */
function withCallIds(message: Json, length: number): Json {
  const withId = (holder: Json, name: string): Json => {
    const id = holder[name];
    const fit = typeof id === 'string' ? toFixedId(id, length) : id;
    return fit === id ? holder : { ...holder, [name]: fit };
  };
  const { tool_calls: given } = message;
  const calls = Array.isArray(given) ? given.map((call: unknown) => (isRecord(call) ? withId(call, 'id') : call)) : [];
  const isFit = calls.every((call, at) => call === toList(given)[at]);
  return withId(isFit ? message : { ...message, tool_calls: calls }, 'tool_call_id');
}

function dropNulls(draft: Draft): void {
  for (const name of Object.keys(draft)) if (draft[name] === null) delete draft[name];
  editMessages(draft, (message) =>
    Object.values(message).includes(null)
      ? Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null))
      : message,
  );
}

const twins: Readonly<Record<string, string>> = {
  max_tokens: 'max_completion_tokens',
  max_completion_tokens: 'max_tokens',
};

/** The refused fields that a body of this kind loses. */
export const lostOf = (body: Json, stripped: readonly string[]): readonly string[] =>
  stripped.filter((name) => body[name] !== undefined && stripped.includes(twins[name] ?? name));

/** A refused bound on the reply goes out under its other name, so that the bound is kept. */
function stripField(draft: Draft, field: string, stripped: readonly string[]): void {
  if (field.startsWith('messages[].')) {
    const name = field.slice('messages[].'.length);
    editMessages(draft, (message) => without(message, [name]));
    return;
  }
  const twin = twins[field];
  if (twin !== undefined && !stripped.includes(twin) && draft[twin] === undefined) rename(draft, field, twin);
  delete draft[field];
}

/** Whether the target takes marks of what is worth keeping in a prompt cache. */
export const takesMarks = ({ quirks, model }: Pick<RequestTarget, 'quirks' | 'model'>): boolean =>
  quirks.some((quirk) => quirk.kind === 'promptCache' && appliesTo(quirk, model));

/** Whether the target is a router itself, which is told where a request may go. */
export const takesRouting = ({ quirks, model }: Pick<RequestTarget, 'quirks' | 'model'>): boolean =>
  quirks.some((quirk) => quirk.kind === 'routing' && appliesTo(quirk, model));

/** Whether the target's quirks put schemas of the body in other words. */
export function bendsSchemas(body: Json, target: Pick<RequestTarget, 'quirks' | 'model' | 'bendSchemas'>): boolean {
  return target.quirks.some(
    (quirk) =>
      quirk.kind === 'schemas' && appliesTo(quirk, target.model) && target.bendSchemas?.({ ...body }, quirk) === true,
  );
}
