// A way out that leads calls to packages of the Vercel AI SDK, loaded when they are first called; all others go on as they are.
import {
  UpstreamError,
  type Upstream,
  type UpstreamCall,
  type UpstreamHandle,
  type UpstreamListener,
} from '../ports.ts';
import { isRecord, parseJson, toRecord, toText, type Json } from '../wire/json.ts';
import { createPartWriter, renderWhole, toErrorBody, type Head } from './answer.ts';
import { toCall } from './prompt.ts';
import { PLUGIN_SCHEME } from './provider.ts';
import { findCreate, type SdkProvider } from './sdk.ts';

export interface PluginDeps {
  readonly upstream: Upstream;
  /** Loads a package or module by the name the configuration gives it. */
  readonly load: (name: string) => Promise<Readonly<Record<string, unknown>>>;
  readonly nowMs: () => number;
}

/** A call on its way, as its parts need it. */
interface Call {
  readonly provider: SdkProvider;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly signal: AbortSignal;
  readonly nowMs: number;
  /** Resolves while the reader keeps up. */
  readonly ready: () => Promise<void>;
  readonly listener: UpstreamListener;
}

const encode = (text: string): Uint8Array => Buffer.from(text);
const textOf = (body: Uint8Array): string => Buffer.from(body).toString('utf8');

/** All bytes of a body, which may be read while it is sent. */
async function readBody(body: UpstreamCall['body']): Promise<Uint8Array> {
  if (body === null || typeof body === 'string') return encode(body ?? '');
  if (body instanceof Uint8Array) return body;
  if ('pieces' in body)
    return Buffer.concat(body.pieces.map((piece) => (typeof piece === 'string' ? encode(piece) : piece)));
  const parts: Uint8Array[] = [];
  for await (const part of body.open()) parts.push(part);
  return Buffer.concat(parts);
}

function replyWhole({ listener }: Call, document: string): void {
  listener.onHead(200, { 'content-type': 'application/json' });
  listener.onData(encode(document));
  listener.onEnd();
}

const lacks = (what: string): Error =>
  Object.assign(new Error(`The package makes no ${what} models.`), { statusCode: 404 });

async function chat(call: Call): Promise<void> {
  const json = parseJson(textOf(call.body));
  const body: Json = isRecord(json) ? json : {};
  const modelId = toText(body['model']) ?? '';
  const model = call.provider.languageModel?.(modelId);
  if (model === undefined) throw lacks('language');
  const options = { ...toCall(body, model.specificationVersion), abortSignal: call.signal };
  const head: Head = {
    id: `chatcmpl-${call.nowMs.toString(36)}`,
    model: modelId,
    created: Math.floor(call.nowMs / 1000),
  };
  if (body['stream'] !== true) return replyWhole(call, renderWhole(await model.doGenerate(options), head));
  const { stream } = await model.doStream(options);
  const writer = createPartWriter(head);
  call.listener.onHead(200, { 'content-type': 'text/event-stream' });
  call.listener.onData(encode(writer.start()));
  for await (const part of stream) {
    const events = writer.write(part);
    if (events !== '') call.listener.onData(encode(events));
    await call.ready();
  }
  call.listener.onEnd();
}

async function embed(call: Call): Promise<void> {
  const { model: id, input } = toRecord(parseJson(textOf(call.body)));
  const make = call.provider.embeddingModel ?? call.provider.textEmbeddingModel;
  if (make === undefined) throw lacks('embedding');
  const values = [input].flat().map(String);
  const { embeddings, usage } = await make(String(id)).doEmbed({ values, abortSignal: call.signal });
  const data = embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding }));
  const tokens = usage?.tokens;
  const used = tokens === undefined ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } };
  replyWhole(call, JSON.stringify({ object: 'list', model: id, data, ...used }));
}

async function transcribe(call: Call): Promise<void> {
  const form = await new Response(Uint8Array.from(call.body), {
    headers: { 'content-type': call.contentType },
  }).formData();
  const file = form.get('file');
  const model = call.provider.transcriptionModel?.(String(form.get('model')));
  if (model === undefined || !(file instanceof Blob)) throw lacks('transcription');
  const audio = new Uint8Array(await file.arrayBuffer());
  const mediaType = file.type === '' ? 'audio/wav' : file.type;
  const heard = await model.doGenerate({ audio, mediaType, abortSignal: call.signal });
  const { text, language, durationInSeconds: duration, segments = [] } = heard;
  const told = segments.map((one, id) => ({ id, start: one.startSecond, end: one.endSecond, text: one.text }));
  replyWhole(call, JSON.stringify({ text, language, duration, ...(told.length === 0 ? {} : { segments: told }) }));
}

const operations: Readonly<Record<string, (call: Call) => Promise<void>>> = {
  '/chat/completions': chat,
  '/embeddings': embed,
  '/audio/transcriptions': transcribe,
};

function fail(listener: UpstreamListener, error: unknown): void {
  if (error instanceof UpstreamError) return listener.onError(error);
  const { status, headers, body } = toErrorBody(error);
  const { message } = toRecord(body['error']);
  if (status === null) return listener.onError(new UpstreamError('network', String(message), true));
  listener.onHead(status, { ...headers, 'content-type': 'application/json' });
  listener.onData(encode(JSON.stringify(body)));
  listener.onEnd();
}

/** Lets writing wait while the reader is slow. */
function createGate() {
  let closed = Promise.withResolvers<void>();
  closed.resolve();
  return {
    ready: () => closed.promise,
    close: () => (closed = Promise.withResolvers<void>()),
    open: () => closed.resolve(),
  };
}

const ADDRESS = new RegExp(`^${PLUGIN_SCHEME}([^/]+)/([^/]*)(/.*)$`);

/** A way out in which addresses of packages are known. */
export function createPluginUpstream({ upstream, load, nowMs }: PluginDeps): Upstream {
  const kept = new Map<string, Promise<SdkProvider>>();
  const open = async (name: string, options: string, apiKey: string): Promise<SdkProvider> => {
    const create = findCreate(await load(name));
    if (create === null) throw lacks('');
    const settings = parseJson(Buffer.from(options, 'base64url').toString('utf8'));
    return create({ ...(apiKey === '' ? {} : { apiKey }), ...toRecord(settings) });
  };
  const providerOf = (name: string, options: string, apiKey: string): Promise<SdkProvider> => {
    const key = [name, options, apiKey].join('\n');
    const known = kept.get(key) ?? open(name, options, apiKey);
    kept.set(key, known);
    known.catch(() => kept.delete(key));
    return known;
  };
  const start = (call: UpstreamCall, listener: UpstreamListener): UpstreamHandle => {
    const [, name, options = '', path = ''] = ADDRESS.exec(call.url) ?? [];
    if (name === undefined) return upstream.start(call, listener);
    const stop = new AbortController();
    const gate = createGate();
    const run = async (): Promise<void> => {
      const operation = operations[path];
      if (operation === undefined) throw lacks('such');
      const apiKey = (call.headers['authorization'] ?? '').replace(/^Bearer /, '');
      const provider = await providerOf(decodeURIComponent(name), options, apiKey);
      const contentType = call.headers['content-type'] ?? '';
      const body = await readBody(call.body);
      await operation({
        provider,
        body,
        contentType,
        signal: stop.signal,
        nowMs: nowMs(),
        ready: gate.ready,
        listener,
      });
    };
    run().catch((error: unknown) => {
      if (!stop.signal.aborted) fail(listener, error);
    });
    return {
      abort: () => {
        if (stop.signal.aborted) return;
        stop.abort();
        gate.open();
        listener.onError(new UpstreamError('cancelled', 'the call was given up', true));
      },
      pause: gate.close,
      resume: gate.open,
    };
  };
  return { start, close: () => upstream.close() };
}
