// The calls that lead from a prediction that was made to its answer: its events where it has any, else looking at it until it is done.
import type { Json } from '../json.ts';
import { isRecord, parseJson, toRecord, toText } from '../json.ts';
import { renderFrame } from '../sse.ts';
import type { ChatCall, ChatStep, ChatSteps } from '../steps.ts';
import { isUnderWay } from './words.ts';
import { PREDICTION } from './stream.ts';

/** The first look, and the pauses after it. */
const SOON_MS = 250;
const GROWTH = 1.5;
const LONGEST_PAUSE_MS = 3_000;

const bare = (method: 'GET' | 'POST', path: string): ChatCall => ({
  method,
  path,
  headers: { accept: 'application/json' },
});

/** Ids come from a reply and become part of paths: only what can't lead elsewhere. */
const isId = (id: unknown): id is string => typeof id === 'string' && /^[\w-]{1,100}$/.test(id);

/** The address of the events lies at another host, and is all it takes to read them: nobody else gets to see the key. */
function toEvents(prediction: Json): ChatCall | null {
  const address = toText(toRecord(prediction['urls'])['stream']);
  if (address === null || !/^https:\/\/[\w.-]+\/[\w./-]+$/.test(address)) return null;
  return { method: 'GET', path: address, headers: { accept: 'text/event-stream' }, auth: { scheme: 'none' } };
}

/** Begins with the reply to the first call. */
export function openSteps(): ChatSteps {
  let id: string | null = null;
  let asked = 0;
  let isListening = false;
  const look = (): ChatStep | null =>
    id === null
      ? null
      : {
          call: bare('GET', `/predictions/${id}`),
          afterMs: Math.min(LONGEST_PAUSE_MS, SOON_MS * GROWTH ** asked++),
          undo: bare('POST', `/predictions/${id}/cancel`),
        };
  return {
    afterReply: (text) => {
      const prediction = toRecord(parseJson(text));
      if (!isUnderWay(prediction) || !isId(prediction['id'])) return null;
      const isFirst = id === null;
      id = prediction['id'];
      const events = isFirst ? toEvents(prediction) : null;
      const next = look();
      if (events === null || next === null) return next;
      isListening = true;
      return { ...next, call: events, afterMs: 0 };
    },
    afterFault: () => {
      const wasListening = isListening;
      isListening = false;
      return wasListening ? look() : null;
    },
    atFrame: ({ event, data }) => {
      if (event !== 'done' || id === null) return null;
      const { reason } = toRecord(parseJson(data ?? ''));
      // What it used is told by the prediction alone. There is nothing left to undo.
      return reason === undefined ? { call: bare('GET', `/predictions/${id}`), afterMs: 0, undo: null } : null;
    },
    toFrame: (text) => {
      const prediction = parseJson(text);
      return isRecord(prediction) ? renderFrame(JSON.stringify(prediction), PREDICTION) : null;
    },
  };
}
