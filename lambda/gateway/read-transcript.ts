// Reads what a provider replies to a recording: the transcript, a fault, or that there is more to ask before it is done.
import type { Usage } from '#shared/usage.ts';
import type { Headers } from '../ports.ts';
import type { Dialect, HttpReply } from '../wire/types.ts';
import type { Transcript } from '../wire/transcription/transcript.ts';
import { firstStage, type AudioCall, type NextStep, type Stage } from '../wire/transcription/types.ts';
import type { OutgoingCall, ReaderContext, ReplyReader } from './operation.ts';
import { createWholeBody, tooLarge } from './read-whole.ts';
import { toFailure } from './send.ts';
import { toOutgoing, type AudioTarget } from './transcribe-call.ts';
import type { TranscribeInput } from './transcribe.ts';

export interface TranscriptReading {
  readonly input: TranscribeInput;
  readonly target: AudioTarget;
  readonly dialect: Dialect;
  readonly context: ReaderContext;
  /** What is made of a doubtful answer. */
  readonly believe: (doubted: Transcript) => Transcript | null;
}

const none = { committed: false, usage: null, seenTokens: 0 } as const;

type Certain = Exclude<NextStep, { kind: 'doubt' }>;

function settleDoubt(step: NextStep, believe: TranscriptReading['believe']): Certain {
  if (step.kind !== 'doubt') return step;
  const transcript = believe(step.transcript);
  return transcript === null ? { kind: 'failure', failure: step.failure } : { kind: 'transcript', transcript };
}

/** A reader for the replies of one attempt. */
export function createTranscriptReader({ input, target, dialect, context, believe }: TranscriptReading): ReplyReader {
  let stage: Stage = firstStage;
  let body = createWholeBody();
  let head: { readonly status: number; readonly headers: Headers } = { status: 0, headers: {} };
  const toCall = (call: AudioCall): OutgoingCall => toOutgoing(call, target.ask.model, input);
  const finish = (step: Exclude<Certain, { kind: 'call' }>, reply: HttpReply): void => {
    const limits = dialect.parseLimits(reply, context.nowMs());
    if (step.kind === 'failure') return context.finish({ ...none, failure: step.failure, limits });
    const { duration, costUsd } = step.transcript;
    const seconds = input.piece.seconds ?? duration;
    const usage: Usage = {
      ...(seconds !== null && { audioSeconds: seconds }),
      ...(costUsd !== undefined && { reportedCostUsd: costUsd }),
    };
    input.onTranscript(step.transcript);
    context.commit('application/json', usage).end();
    context.finish({ failure: null, committed: true, usage, seenTokens: 0, limits });
  };
  const judge = (reply: HttpReply): void => {
    if (reply.status < 200 || reply.status > 299)
      return finish({ kind: 'failure', failure: dialect.parseFailure(reply, context.nowMs()) }, reply);
    const step = settleDoubt(target.wire.next(reply.body, stage, target.ask), believe);
    if (step.kind !== 'call') return finish(step, reply);
    stage = step.stage;
    body = createWholeBody();
    context.ask({
      call: toCall(step.call),
      afterMs: step.afterMs,
      undo: step.undo === null ? null : toCall(step.undo),
    });
  };
  return {
    onHead: (status, headers) => {
      head = { status, headers };
    },
    onData: (chunk) => {
      if (body.add(Uint8Array.from(chunk))) return;
      const reply = { ...head, body: '' };
      const isFault = head.status < 200 || head.status > 299;
      finish({ kind: 'failure', failure: isFault ? dialect.parseFailure(reply, context.nowMs()) : tooLarge }, reply);
    },
    onEnd: () => judge({ ...head, body: body.bytes()?.toString('utf8') ?? '' }),
    onError: (error) => context.finish({ ...none, failure: toFailure(error), limits: [] }),
  };
}
