// Writes the catalog's JSON as people keep it: two spaces, keys in their order, and on one line whatever fits there.
const WIDTH = 140;

function toInline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toInline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = entriesOf(value).map(([name, field]) => `${JSON.stringify(name)}: ${toInline(field)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

const entriesOf = (value: object): [string, unknown][] =>
  Object.entries(value).filter(([, field]) => field !== undefined);

function write(value: unknown, indent: string, used: number): string {
  const inline = toInline(value);
  const nested = typeof value === 'object' && value !== null;
  if (!nested || (indent !== '' && used + inline.length <= WIDTH)) return inline;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const lines = Array.isArray(value)
    ? value.map((item) => inner + write(item, inner, inner.length + 1))
    : entriesOf(value).map(([name, field]) => {
        const label = `${inner}${JSON.stringify(name)}: `;
        return label + write(field, inner, label.length + 1);
      });
  return lines.length === 0 ? open + close : `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

/** The value as tidy JSON text with a final newline. Undefined fields are left out. */
export function toTidyJson(value: unknown): string {
  return `${write(value, '', 0)}\n`;
}
