// Lays what a client must be told into the configuration it already has; everything else stays.
import { parse, stringify } from 'yaml';
import type { ConnectFile } from '#shared/connect.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Objects member by member; lists of things with names by name; anything else is replaced. */
function mergeInto(before: unknown, added: unknown): unknown {
  if (isObject(before) && isObject(added)) {
    const merged: Record<string, unknown> = { ...before };
    for (const [name, value] of Object.entries(added)) merged[name] = mergeInto(before[name], value);
    return merged;
  }
  if (!Array.isArray(before) || !Array.isArray(added)) return added;
  const names = new Set(added.map((item: unknown) => (isObject(item) ? item['name'] : item)));
  return [...before.filter((item: unknown) => !names.has(isObject(item) ? item['name'] : item)), ...added];
}

const BEGIN = '# Freeway: begin';
const END = '# Freeway: end';

/** Tables may stand anywhere but before the fields of the file's root, so that the block goes to the end. */
function mergeBlock(text: string, block: string): string {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END, from);
  const rest = from < 0 || to < 0 ? text : text.slice(0, from) + text.slice(to + END.length);
  const head = rest.trimEnd();
  return `${head === '' ? '' : `${head}\n\n`}${BEGIN}\n${block}\n${END}\n`;
}

function mergeVariables(text: string, variables: Readonly<Record<string, string>>): string {
  const names = Object.keys(variables);
  const kept = text
    .split('\n')
    .filter((line) => !names.some((name) => new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`).test(line)));
  const head = kept.join('\n').trimEnd();
  const lines = names.map((name) => `${name}=${variables[name] ?? ''}`);
  return `${head === '' ? '' : `${head}\n`}${lines.join('\n')}\n`;
}

/** The file's new text; `text` is empty when there is no such file yet. Throws when it can't be understood. */
export function mergeFile(text: string, file: ConnectFile): string {
  if (file.format === 'toml') return mergeBlock(text, file.block);
  if (file.format === 'env') return mergeVariables(text, file.variables);
  const isEmpty = text.trim() === '';
  const before: unknown = isEmpty ? {} : file.format === 'json' ? JSON.parse(text) : parse(text);
  if (!isObject(before)) throw new Error('it does not hold an object');
  const after = mergeInto(before, file.merge);
  return file.format === 'json' ? `${JSON.stringify(after, null, 2)}\n` : stringify(after);
}
