// Reads a request body as a form with one file, as OpenAI's audio endpoints take it.
import { CallerError } from '#shared/failures.ts';
import type { Exchange } from '../ports.ts';
import type { FormFields } from '../wire/transcription/question.ts';

export interface UploadForm {
  readonly fields: FormFields;
  readonly file: { readonly name: string; readonly bytes: Uint8Array };
}

/** The largest upload: hours of compressed speech. */
export const MAX_UPLOAD_BYTES = 200 * 1024 * 1024;

/** Rejects with CallerError `invalid_request` or `too_large`. */
export async function readUploadForm(exchange: Exchange): Promise<UploadForm> {
  const type = exchange.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type))
    throw new CallerError(
      'invalid_request',
      'Send the audio as a form (multipart/form-data) with the fields "file" and "model".',
      { param: 'file' },
    );
  const body = await exchange.body(MAX_UPLOAD_BYTES);
  // Bodies are read into memory of their own, never into one that is shared.
  const form = await new Response(body as Uint8Array<ArrayBuffer>, { headers: { 'content-type': type } })
    .formData()
    .catch(() => {
      throw new CallerError(
        'invalid_request',
        'The form can not be read: its parts do not fit the boundary named in the content type.',
        { param: 'file' },
      );
    });
  const fields: Record<string, string[]> = {};
  let file: File | null = null;
  for (const [name, value] of form) {
    if (typeof value === 'string') (fields[name] ??= []).push(value);
    else if (name === 'file') file = value;
  }
  if (file === null)
    throw new CallerError('invalid_request', 'The form has no file: put the audio into the field "file".', {
      param: 'file',
    });
  return { fields, file: { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) } };
}
