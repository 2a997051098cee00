// The data of a file of the OpenAI chat format as a data URL.
import type { Json } from './json.ts';
import { toText } from './json.ts';

/** Types by the endings of names. */
const types: Readonly<Record<string, string>> = {
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
};

/** Callers may send bare base64: then the file's name tells its type, and without an ending it is a PDF. Empty where there is no data. */
export function toFileUrl({ file_data: given, filename }: Json): string {
  const data = toText(given) ?? '';
  if (data === '' || data.includes(':')) return data;
  const ending = /\.(\w+)$/.exec(toText(filename) ?? '')?.[1]?.toLowerCase() ?? 'pdf';
  return `data:${types[ending] ?? 'application/octet-stream'};base64,${data}`;
}
