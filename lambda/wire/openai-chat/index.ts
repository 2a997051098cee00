// The OpenAI chat format in both directions, as one codec.
import type { ChatWire } from '../types.ts';
import { collectStream, toAnswer } from './collect.ts';
import { continueQuestion } from './continue.ts';
import { renderError, renderStreamError } from './error.ts';
import { parseQuestion } from './question.ts';
import * as render from './render.ts';
import { normaliseReply, parseReply } from './reply.ts';
import { renderRequest, requiredHeaders } from './request.ts';
import { inspectFrame, normaliseFrame } from './stream.ts';

/** Pure; every method may be passed around alone. */
export const openaiChat: ChatWire = {
  parseQuestion,
  renderRequest,
  continueQuestion,
  requiredHeaders,
  parseReply,
  inspectFrame,
  collectStream,
  toAnswer,
  normaliseReply,
  normaliseFrame,
  renderReply: render.renderReply,
  renderStreamStart: render.renderStreamStart,
  renderStreamDelta: render.renderStreamDelta,
  renderStreamTool: render.renderStreamTool,
  renderStreamFinish: render.renderStreamFinish,
  renderUsageFrame: render.renderUsageFrame,
  renderStreamDone: render.renderStreamDone,
  splitReply: render.splitReply,
  addFreewayField: render.addFreewayField,
  renderError,
  renderStreamError,
};
