// Cuts the bytes of a stream into frames: server-sent events, or what the provider's wire has instead.
import type { CutFrames, FrameCutter } from '../wire/frames.ts';
import { createSse, endSse, feedSse } from '../wire/sse.ts';
import type { UpstreamWire } from '../wire/types.ts';

function openSseCutter(): FrameCutter {
  const decoder = new TextDecoder();
  let state = createSse();
  const feed = (text: string): CutFrames => {
    const step = feedSse(state, text);
    state = step.state;
    return step;
  };
  return {
    feed: (bytes) => feed(decoder.decode(bytes, { stream: true })),
    end: () => [...feed(decoder.decode()).frames, ...endSse(state)],
  };
}

const toText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Begins to cut one stream of the wire. */
export const openCutter = ({ framing }: Pick<UpstreamWire, 'framing'>): FrameCutter =>
  framing === undefined ? openSseCutter() : framing.open(toText);

const begun = /^\ufeff?(?:data|event|id|retry)?:/;

/** Whether a reply is a stream of the wire: its media type says so, or, where that names neither stream nor JSON, the first bytes look like events. */
export function isStreamOf(
  { framing }: Pick<UpstreamWire, 'framing'>,
  mediaType: string,
  first: Uint8Array | null,
): boolean {
  const type = mediaType.toLowerCase();
  if (type.includes('event-stream') || (framing !== undefined && type.includes(framing.contentType))) return true;
  return first !== null && !type.includes('json') && begun.test(toText(first.subarray(0, 16)));
}
