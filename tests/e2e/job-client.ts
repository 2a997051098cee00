// Transcription jobs as a program uses them: nothing but fetch.
import type { Allowance, JobView } from '#shared/api/transcriptions.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export interface JobClient {
  declare(sizeBytes: number, more?: { readonly options?: object; readonly name?: string }): Promise<JobView>;
  /** Sends the parts that the job asks for. */
  upload(job: JobView, bytes: Uint8Array): Promise<void>;
  start(id: string, pieces?: readonly number[]): Promise<JobView>;
  act(id: string, act: 'pause' | 'cancel'): Promise<JobView>;
  look(id: string): Promise<JobView>;
  /** Looks until it is so. */
  until(id: string, isSo: (job: JobView) => boolean, timeoutMs?: number): Promise<JobView>;
  finish(id: string, timeoutMs?: number): Promise<JobView>;
  watch(id: string): AsyncGenerator<JobView>;
  /** Declares, uploads and starts. */
  send(bytes: Uint8Array, more?: { readonly options?: object; readonly name?: string }): Promise<JobView>;
  result(id: string, format: string, partial?: boolean): Promise<string>;
  remove(id: string): Promise<void>;
  allowance(): Promise<Allowance>;
}

const LOOK_MS = 100;

/** A client of the server at `base`. */
export function createJobClient(base: string, headers: Readonly<Record<string, string>>): JobClient {
  const ask = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const reply = await fetch(`${base}/api/transcriptions${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`);
    return reply;
  };
  const view = async (method: string, path: string, body?: unknown): Promise<JobView> =>
    (await (await ask(method, path, body)).json()) as JobView;
  const client: JobClient = {
    declare: (sizeBytes, { options = {}, name = 'talk.wav' } = {}) =>
      view('POST', '', { size_bytes: sizeBytes, name, options }),
    upload: async ({ upload }, bytes) => {
      for (const { url, start, bytes: size } of upload?.parts ?? []) {
        const body = bytes.subarray(start, start + size);
        const reply = await fetch(new URL(url, base), { method: 'PUT', body: Buffer.from(body) });
        if (!reply.ok) throw new Error(`upload: ${reply.status} ${await reply.text()}`);
      }
    },
    start: (id, pieces) => view('POST', `/${id}/start`, pieces === undefined ? {} : { pieces }),
    act: (id, act) => view('POST', `/${id}/${act}`),
    look: (id) => view('GET', `/${id}`),
    until: async (id, isSo, timeoutMs = 60_000) => {
      const untilMs = Date.now() + timeoutMs;
      for (;;) {
        const job = await client.look(id);
        if (isSo(job)) return job;
        if (Date.now() > untilMs) throw new Error(`not so in time: ${JSON.stringify(job).slice(0, 3_000)}`);
        await sleep(LOOK_MS);
      }
    },
    finish: (id, timeoutMs) => client.until(id, ({ status }) => status === 'done' || status === 'failed', timeoutMs),
    watch: async function* (id) {
      const { body } = await ask('GET', `/${id}/events`);
      let text = '';
      for await (const chunk of body ?? []) {
        text += Buffer.from(chunk).toString();
        const frames = text.split('\n\n');
        text = frames.pop() ?? '';
        for (const frame of frames) {
          const data = /^event: job\ndata: (.*)$/.exec(frame)?.[1];
          if (data !== undefined) yield JSON.parse(data) as JobView;
        }
      }
    },
    send: async (bytes, more) => {
      const job = await client.declare(bytes.length, more);
      await client.upload(job, bytes);
      return client.start(job.id);
    },
    result: async (id, format, partial = false) =>
      (await ask('GET', `/${id}/result?format=${format}${partial ? '&partial=true' : ''}`)).text(),
    remove: async (id) => void (await ask('DELETE', `/${id}`)),
    allowance: async () => (await (await ask('GET', '/allowance')).json()) as Allowance,
  };
  return client;
}
