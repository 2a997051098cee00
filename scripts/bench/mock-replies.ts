// What the simulated provider answers, as complete HTTP/1.1 text: documents, events and refusals in the OpenAI format.
import { nowUs } from './stopwatch.ts';

const CREATED = 1_790_000_000;
const MODEL = 'bench-model';
/** Roughly the tokens of an English text of so many bytes. */
const toTokens = (bytes: number): number => Math.max(1, Math.round(bytes / 4));

const withLength = (head: string, body: string): string => `${head}content-length: ${body.length}\r\n\r\n${body}`;
const JSON_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';

const usageOf = (promptBytes: number, completionTokens: number): string => {
  const prompt = toTokens(promptBytes);
  return `{"prompt_tokens":${prompt},"completion_tokens":${completionTokens},"total_tokens":${prompt + completionTokens}}`;
};

/** A whole chat answer with `textLength` characters of text. */
export function renderDocument(textLength: number, promptBytes: number): string {
  const text = 'lorem ipsum dolor sit amet, '.repeat(Math.ceil(textLength / 28)).slice(0, textLength);
  const body =
    `{"id":"chatcmpl-bench","object":"chat.completion","created":${CREATED},"model":"${MODEL}","choices":[{"index":0,` +
    `"message":{"role":"assistant","content":"${text}"},"finish_reason":"stop"}],"usage":${usageOf(promptBytes, toTokens(textLength))}}`;
  return withLength(JSON_HEAD, body);
}

/** A refusal for load, to be tried again after a second. */
export function renderBusy(): string {
  const body =
    '{"error":{"message":"Rate limit reached for requests. Please try again in 1s.","type":"requests","param":null,"code":"rate_limit_exceeded"}}';
  return withLength('HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\nretry-after: 1\r\n', body);
}

export const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n';

const frame = (data: string): string => {
  const event = `data: ${data}\n\n`;
  return `${event.length.toString(16)}\r\n${event}\r\n`;
};
const chunk = (delta: string, finish: string): string =>
  `{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":${CREATED},"model":"${MODEL}","choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]}`;

/** One event of a stream; its text is the time of sending, so that the reader can tell how long it was under way. */
export const renderDelta = (): string => frame(chunk(`{"content":"@${Math.floor(nowUs())}@"}`, 'null'));

/** What ends a stream: the finish, usage when it was asked for, and the closing mark. */
export function renderStreamEnd(usage: { readonly promptBytes: number; readonly chunks: number } | null): string {
  const told =
    usage === null
      ? ''
      : frame(
          `{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":${CREATED},"model":"${MODEL}","choices":[],"usage":${usageOf(usage.promptBytes, usage.chunks)}}`,
        );
  return `${frame(chunk('{}', '"stop"'))}${told}${frame('[DONE]')}0\r\n\r\n`;
}
