// Predictions that are made, listened to and looked at: the format of Replicate, as providers are asked in it.
import { requiredHeaders } from '../openai-chat/request.ts';
import { lackOf } from '../pivot-lack.ts';
import type { UpstreamWire } from '../types.ts';
import { parseReply, toAnswer } from './reply.ts';
import { renderRequest, requestPath, toTurns } from './request.ts';
import { openSteps } from './steps.ts';
import { openReader } from './stream.ts';

/** Pure; every method may be passed around alone. */
export const predictions: UpstreamWire = {
  id: 'predictions',
  requestPath,
  renderRequest,
  // A prediction that was made is told at once, streamed or not.
  requiredHeaders: (target) => ({ ...requiredHeaders(target), accept: 'application/json' }),
  lacks: lackOf(toTurns),
  openSteps,
  parseReply,
  toAnswer,
  openReader,
};
