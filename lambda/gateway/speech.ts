// Speech as an operation: sound is passed on as it comes; who sends it whole, in JSON, is unwrapped.
import type { Usage } from '#shared/usage.ts';
import type { Headers, ReplyBody } from '../ports.ts';
import { isRecord, parseJson, toText } from '../wire/json.ts';
import { parseSpeech, type SpeechQuestion } from '../wire/speech/question.ts';
import { renderPlain } from '../wire/plain.ts';
import type { Errand, PlainReading } from './plain.ts';
import type { ReplyReader } from './operation.ts';
import { createReplyReader, type ReadReply } from './read-reply.ts';
import { toFailure } from './send.ts';

const toUsage = ({ characters }: SpeechQuestion): Usage => ({ characters, outputTokens: 0 });

/** The sound that stands in a document; some send it so. */
function readWrapped(body: Buffer, question: SpeechQuestion): ReadReply {
  const json = parseJson(body.toString('utf8'));
  const data = isRecord(json) ? toText(json['audio_data']) : null;
  if (data === null) return { failure: { kind: 'bad_reply', message: 'the reply holds no sound' } };
  return { body: Buffer.from(data, 'base64'), contentType: question.type, usage: toUsage(question) };
}

/** Passes sound on piece by piece, and waits while the caller is slow. */
function createSoundReader({ dialect, context }: PlainReading, question: SpeechQuestion, head: Headers): ReplyReader {
  let body: ReplyBody | null = null;
  const limits = dialect.parseLimits({ status: 200, headers: head, body: '' }, context.nowMs());
  const usage = toUsage(question);
  return {
    onHead: () => undefined,
    onData: (chunk) => {
      if (chunk.length === 0) return;
      context.progress();
      body ??= context.commit(head['content-type'] ?? question.type, usage);
      if (body.write(chunk)) return;
      context.pause();
      void body.drained().then(context.resume);
    },
    onEnd: () => {
      if (body === null) {
        const failure = { kind: 'bad_reply', message: 'the reply holds no sound' } as const;
        return context.finish({ failure, committed: false, usage: null, seenTokens: 0, limits });
      }
      body.end();
      context.finish({ failure: null, committed: true, usage, seenTokens: 0, limits });
    },
    onError: (error) =>
      context.finish({
        failure: toFailure(error),
        committed: body !== null,
        usage: body === null ? null : usage,
        seenTokens: 0,
        limits,
      }),
  };
}

/** Picks the way of reading by the head. */
function createSpeechReader(reading: PlainReading, question: SpeechQuestion): ReplyReader {
  const { dialect, context } = reading;
  let reader = createReplyReader({ dialect, context, read: (body) => readWrapped(body, question) });
  return {
    onHead: (status, headers) => {
      const type = headers['content-type'] ?? '';
      const isSound = status >= 200 && status <= 299 && !type.includes('json') && !type.startsWith('text/html');
      if (isSound) reader = createSoundReader(reading, question, headers);
      reader.onHead(status, headers);
    },
    onData: (chunk) => reader.onData(chunk),
    onEnd: () => reader.onEnd(),
    onError: (error) => reader.onError(error),
  };
}

/** Reads the body of a request for speech. Throws CallerError `invalid_request`. */
export function toSpeechErrand(json: unknown): Errand {
  const question = parseSpeech(json);
  return {
    name: 'speech',
    question,
    takes: { characters: question.characters },
    path: { key: 'speech', usual: '/audio/speech' },
    accept: '*/*',
    patience: { longestMs: 60_000, usualMs: 20_000 },
    streamed: true,
    narrow: (selector) => selector,
    render: (target) => renderPlain(question, target),
    read: (reading) => createSpeechReader(reading, question),
  };
}
