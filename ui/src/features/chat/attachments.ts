// Files that go with a message: images are made smaller, text is read, PDF goes along as it is; anything else is refused with a reason.
import { newId } from '../../lib/ids.ts';
import type { Attachment } from './types.ts';

/** The longer side of an image that is sent, pixels: what vision models look at. */
const LONGEST_SIDE = 1_568;
const MAX_TEXT_BYTES = 400_000;
const MAX_PDF_BYTES = 4_000_000;
/** Images that are small already keep their bytes. */
const SMALL_IMAGE_BYTES = 300_000;

export type Refusal = 'kind' | 'size' | 'broken';
export type ReadFile = { readonly attachment: Attachment } | { readonly name: string; readonly refusal: Refusal };

const textNames =
  /\.(txt|md|markdown|csv|tsv|json|jsonl|ya?ml|toml|xml|html?|css|m?[jt]sx?|py|rb|go|rs|java|kt|swift|c|h|cpp|cs|php|sh|sql|log|ini|env|tex)$/i;

const readUrl = (blob: Blob): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(String(reader.result)));
    reader.addEventListener('error', () => reject(new Error('unreadable')));
    reader.readAsDataURL(blob);
  });

async function shrink(file: File): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.size <= SMALL_IMAGE_BYTES) return file;
  const canvas = new OffscreenCanvas(Math.max(1, bitmap.width * scale), Math.max(1, bitmap.height * scale));
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: file.type === 'image/png' ? 'image/png' : 'image/jpeg', quality: 0.85 });
}

async function readContent(file: File): Promise<Pick<Attachment, 'kind' | 'data' | 'bytes'> | Refusal> {
  if (/^image\/(png|jpeg|webp|gif)$/.test(file.type)) {
    const blob = await shrink(file);
    return { kind: 'image', data: await readUrl(blob), bytes: blob.size };
  }
  if (file.type === 'application/pdf')
    return file.size > MAX_PDF_BYTES ? 'size' : { kind: 'pdf', data: await readUrl(file), bytes: file.size };
  if (!file.type.startsWith('text/') && !textNames.test(file.name)) return 'kind';
  return file.size > MAX_TEXT_BYTES ? 'size' : { kind: 'text', data: await file.text(), bytes: file.size };
}

/** Reads one file for sending. */
export async function readAttachment(file: File): Promise<ReadFile> {
  const { name } = file;
  try {
    const content = await readContent(file);
    return typeof content === 'string' ? { name, refusal: content } : { attachment: { id: newId(), name, ...content } };
  } catch {
    return { name, refusal: 'broken' };
  }
}

/** The name, or with a number where one of the others has it already: browsers call every pasted picture the same. */
export function nameApart(name: string, others: readonly string[]): string {
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  let apart = name;
  for (let count = 2; others.includes(apart); count++) apart = `${stem} ${String(count)}${ending}`;
  return apart;
}
