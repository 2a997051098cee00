// Reads the events of a prediction: pieces of text, an error, the end, and the prediction itself as it was asked for behind them.
import { nothing } from '../facts.ts';
import type { Json } from '../json.ts';
import { parseJson, toRecord } from '../json.ts';
import type { FrameFacts, ReplyContext, SseFrame, StreamReader } from '../types.ts';
import { findFault, isUnderWay, toFault, toFinish, toUsage } from './words.ts';

/** The name under which the prediction follows its events. */
export const PREDICTION = 'prediction';

/** Begins to read a stream. */
export function openReader(): StreamReader {
  return { read: readFrame };
}

function readFrame({ event, data }: SseFrame, context: ReplyContext): FrameFacts {
  if (data === null) return nothing;
  switch (event) {
    case 'output':
      return readOutput(data, context);
    case 'error':
      return { ...nothing, failure: toFault(toRecord(parseJson(data))['detail'] ?? data, context) };
    case 'done':
      return readDone(toRecord(parseJson(data)), context);
    case PREDICTION:
      return readPrediction(toRecord(parseJson(data)), context);
    default:
      return nothing;
  }
}

/** The format names neither its answers nor who gave them. */
function readOutput(text: string, { nowMs }: ReplyContext): FrameFacts {
  const head = { id: '', model: '', created: Math.floor(nowMs / 1000) };
  if (text === '') return { ...nothing, head };
  return { ...nothing, head, content: true, text: { content: text, reasoning: '', refusal: '' } };
}

function readDone({ reason }: Json, context: ReplyContext): FrameFacts {
  if (reason === 'canceled') return { ...nothing, failure: findFault({ status: reason }, context) };
  if (reason === 'error') return { ...nothing, failure: toFault(null, context) };
  return { ...nothing, finish: 'stop', done: true };
}

/** Its events are over, so that it can only have succeeded, or be about to be called so. */
function readPrediction(prediction: Json, context: ReplyContext): FrameFacts {
  const failure = isUnderWay(prediction) ? null : findFault(prediction, context);
  if (failure !== null) return { ...nothing, failure };
  return { ...nothing, finish: toFinish(prediction), usage: toUsage(prediction), done: true };
}
