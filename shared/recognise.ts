// Recognises provider keys in what somebody pastes, one key or a whole .env, without sending it anywhere.
import type { Provider } from './catalog.ts';

/** A credential found in the text. `providers` are those it may belong to, likeliest first; more than one leaves the choice to the person. */
export interface Recognised {
  readonly providers: readonly string[];
  /** Values by the names of the provider's form fields. */
  readonly fields: Readonly<Record<string, string>>;
  /** Variable it was named by; null for a bare key. */
  readonly name: string | null;
}

/** Variables that look like keys but belong to no provider we know. */
export interface RecognitionResult {
  readonly found: readonly Recognised[];
  readonly unknown: readonly string[];
}

const ASSIGNMENT = /^(?:export\s+|set\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*[=:]\s*(.*)$/;
const KEY_LIKE = /(?:_|^)(?:API_?KEY|KEY|TOKEN|SECRET)(?:_\d+)?$/i;

/** The value of an assignment as shells and .env files write it: quotes and comments are no part of it. */
function toValue(raw: string): string {
  const quoted = /^(["'`])(.*?)\1/.exec(raw.trim());
  if (quoted) return quoted[2] ?? '';
  return raw
    .replace(/\s+#.*$/, '')
    .replace(/[,;]$/, '')
    .trim();
}

interface Assignment {
  readonly name: string;
  readonly value: string;
}

function toAssignments(text: string): { assigned: Assignment[]; bare: string[] } {
  const assigned: Assignment[] = [];
  const bare: string[] = [];
  for (const line of text.split(/\r?\n/).map((part) => part.trim())) {
    if (line === '' || line.startsWith('#') || line.startsWith('//')) continue;
    const [, name, raw] = ASSIGNMENT.exec(line.replace(/^["']([\w]+)["']\s*:/, '$1:')) ?? [];
    if (name !== undefined && raw !== undefined) {
      const value = toValue(raw);
      if (value !== '') assigned.push({ name, value });
    } else
      bare.push(
        ...line
          .split(/[\s,;]+/)
          .map((word) => word.replace(/^["'`]|["'`]$/g, ''))
          .filter((word) => word.length >= 16),
      );
  }
  return { assigned, bare };
}

const isActive = ({ status }: Provider): boolean => status === 'active';

/** Providers whose keys look like this: those with the longer mark first, since it says more. */
export function providersOfKey(key: string, providers: readonly Provider[]): string[] {
  return providers
    .filter(
      (provider) => isActive(provider) && provider.keyHint !== undefined && new RegExp(provider.keyHint).test(key),
    )
    .toSorted((a, b) => (b.keyHint?.length ?? 0) - (a.keyHint?.length ?? 0))
    .map(({ id }) => id);
}

/** Name of a variable without the number of a further key, and that number. */
function splitNumber(name: string): { base: string; number: string } {
  const [, base = name, number = ''] = /^(.*?)_(\d{1,3})$/.exec(name) ?? [];
  return { base: base.toUpperCase(), number };
}

interface Slot {
  readonly providerId: string;
  readonly field: string;
}

/** Which field of which provider a variable stands for. Some names serve several. */
function toSlots(providers: readonly Provider[]): Map<string, Slot[]> {
  const slots = new Map<string, Slot[]>();
  for (const provider of providers.filter(isActive))
    for (const { name, env } of provider.fields)
      for (const variable of env)
        slots.set(variable, [...(slots.get(variable) ?? []), { providerId: provider.id, field: name }]);
  return slots;
}

/** Everything that can be recognised, in the order of the text. A provider's fields that stand in several lines become one. */
export function recognise(text: string, providers: readonly Provider[]): RecognitionResult {
  const { assigned, bare } = toAssignments(text);
  const slots = toSlots(providers);
  const found = new Map<string, { providers: string[]; fields: Record<string, string>; name: string | null }>();
  const unknown: string[] = [];
  for (const { name, value } of assigned) {
    const exact = slots.get(name.toUpperCase());
    const { base, number } = exact ? { base: name.toUpperCase(), number: '' } : splitNumber(name);
    const [slot] = exact ?? slots.get(base) ?? [];
    if (slot === undefined) {
      const guessed = KEY_LIKE.test(base) ? providersOfKey(value, providers) : [];
      if (guessed.length > 0) found.set(`${name}#`, { providers: guessed, fields: { apiKey: value }, name });
      else if (KEY_LIKE.test(base)) unknown.push(name);
      continue;
    }
    const id = `${slot.providerId}#${number}`;
    const entry = found.get(id) ?? { providers: [slot.providerId], fields: {}, name };
    entry.fields[slot.field] = value;
    found.set(id, entry);
  }
  for (const key of bare) {
    const guessed = providersOfKey(key, providers);
    found.set(`bare#${key}`, { providers: guessed, fields: { apiKey: key }, name: null });
  }
  // An address or a region alone is no credential.
  const isWhole = ({ fields }: Recognised): boolean =>
    Object.keys(fields).some((name) => /key|token|secret/i.test(name));
  return { found: [...found.values()].filter(isWhole), unknown };
}
