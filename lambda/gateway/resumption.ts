// What a candidate is asked that goes on with an answer which broke off, and how its content is held against what was shown.
import { createCueAligner, createPrefillAligner, createRepeatAligner, toCue } from './align.ts';
import type { ResumeMode, Resumption } from './rescue.ts';
import type { Shown } from './shown.ts';

const CHARACTERS_PER_TOKEN = 4;

/** One way of going on. */
export function toResumption(mode: ResumeMode, { content, reasoning }: Shown): Resumption {
  const writtenTokens = Math.floor((content.length + reasoning.length) / CHARACTERS_PER_TOKEN);
  if (mode === 'restart') return { mode, continuation: null, content: createRepeatAligner(content) };
  if (mode === 'prefill') {
    // Some refuse a beginning that ends in white space.
    const kept = content.trimEnd();
    const messages = [{ role: 'assistant', content: kept }] as const;
    return {
      mode,
      continuation: { messages, writtenTokens },
      content: createPrefillAligner(content, content.slice(kept.length)),
    };
  }
  const cue = toCue(content);
  const told =
    'Your answer was cut off in transit. Go on with it exactly where it stops, in the same language, style and format, ' +
    `without any remark about this. Begin by repeating its last words as they stand: ${JSON.stringify(cue)}`;
  return {
    mode,
    continuation: {
      messages: [
        { role: 'assistant', content },
        { role: 'user', content: told },
      ],
      writtenTokens,
    },
    content: createCueAligner(content, cue),
  };
}
