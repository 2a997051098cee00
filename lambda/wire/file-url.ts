// The data of a file of the OpenAI chat format as a data URL, and the types of files by their names.
import type { Json } from './json.ts';
import { toText } from './json.ts';

/** Types by the endings of names. */
const types: ReadonlyMap<string, string> = new Map(
  Object.entries({
    pdf: 'application/pdf',
    txt: 'text/plain',
    md: 'text/markdown',
    csv: 'text/csv',
    html: 'text/html',
    json: 'application/json',
    png: 'image/png',
    jpg: 'image/jpeg',
    jpeg: 'image/jpeg',
    doc: 'application/msword',
    docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    xls: 'application/vnd.ms-excel',
    xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  }),
);

/** Callers may send bare base64: then the file's name tells its type, and without an ending it is a PDF. Empty where there is no data. */
export function toFileUrl({ file_data: given, filename }: Json): string {
  const data = toText(given) ?? '';
  if (data === '' || data.includes(':')) return data;
  const ending = /\.(\w+)$/.exec(toText(filename) ?? '')?.[1]?.toLowerCase() ?? 'pdf';
  return `data:${types.get(ending) ?? 'application/octet-stream'};base64,${data}`;
}

const typeOf = (name: string): string | undefined => types.get(/\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? '');

/** The type of a file that lies elsewhere (`file_url`), by the ending of its address or its name; a PDF where neither tells one. */
export function typeOfAddress({ file_url: url, filename }: Json): string {
  const path = (toText(url) ?? '').replace(/[?#].*$/, '');
  return typeOf(path) ?? typeOf(toText(filename) ?? '') ?? 'application/pdf';
}
