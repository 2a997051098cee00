// Asks the gateway as a plain client would, and notes what came back.
import type { Mode } from './scenarios.ts';
import { surfaces, type Document, type Heard, type SurfaceName } from './surfaces.ts';

/** What a caller got. */
export interface Got extends Heard {
  readonly status: number;
  readonly startedAtMs: number;
  readonly ms: number;
}

export interface Target {
  readonly url: string;
  readonly key: string;
  readonly now: () => number;
  readonly surface: SurfaceName;
}

function toDocuments(body: string, mode: Mode, status: number): Document[] {
  if (mode === 'json' || status !== 200) return [JSON.parse(body) as Document];
  const data = body.split(/\r?\n\r?\n/).flatMap((frame) => /^(?:event: .*\n)?data: (.*)$/.exec(frame)?.[1] ?? []);
  return data.map((one) => (one === '[DONE]' ? { done: true } : (JSON.parse(one) as Document)));
}

/** One request, read to its end. */
export async function ask({ url, key, now, surface: name }: Target, model: string, mode: Mode): Promise<Got> {
  const startedAtMs = now();
  const surface = surfaces[name];
  const response = await fetch(`${url}${surface.path(model, mode)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(surface.body(model, mode)),
  });
  const { status } = response;
  const documents = toDocuments(await response.text(), mode, status);
  const { code, reason = code } = documents.find((one) => one.error)?.error ?? {};
  const error = reason === undefined ? null : String(reason);
  return { ...surface.read(documents, mode), error, status, startedAtMs, ms: now() - startedAtMs };
}
