// The frames of an Opus packet, and what its first byte says of them (RFC 6716, 3).

export interface OpusFrames {
  /** How sound is written: for speech, for any sound, or speech with what lies above it. */
  readonly mode: 'silk' | 'celt' | 'hybrid';
  /** Of one frame. */
  readonly ms: number;
  readonly channels: 1 | 2;
  readonly frames: readonly Uint8Array[];
}

const SILK_MS = [10, 20, 40, 60];
const CELT_MS = [2.5, 5, 10, 20];
const FIRST_HYBRID = 12;
const FIRST_CELT = 16;
/** Shorter lengths take one byte, others two. */
const SHORT_LENGTH = 252;

function splitMany(packet: Uint8Array): Uint8Array[] {
  const flags = packet[1] ?? 0;
  const count = flags & 0x3f;
  const isVaried = (flags & 0x80) !== 0;
  let at = 2;
  let padding = 0;
  if ((flags & 0x40) !== 0) {
    let more = 255;
    while (more === 255 && at < packet.length) {
      more = packet[at++] ?? 0;
      padding += more === 255 ? 254 : more;
    }
  }
  const lengths: number[] = [];
  const told = isVaried ? count - 1 : 0;
  for (let one = 0; one < told; one++) {
    const first = packet[at++] ?? 0;
    lengths.push(first < SHORT_LENGTH ? first : first + 4 * (packet[at++] ?? 0));
  }
  const end = Math.max(at, packet.length - padding);
  const each = Math.floor((end - at) / Math.max(1, count));
  return Array.from({ length: count }, (_, one) => {
    const length = isVaried ? (lengths[one] ?? end - at) : each;
    const frame = packet.subarray(at, Math.min(end, at + length));
    at += length;
    return frame;
  });
}

function splitPacket(packet: Uint8Array): Uint8Array[] {
  const kind = (packet[0] ?? 0) & 3;
  if (kind === 0) return [packet.subarray(1)];
  if (kind === 3) return splitMany(packet);
  if (kind === 1) {
    const half = 1 + ((packet.length - 1) >> 1);
    return [packet.subarray(1, half), packet.subarray(half)];
  }
  const isShort = (packet[1] ?? 0) < SHORT_LENGTH;
  const from = isShort ? 2 : 3;
  const length = isShort ? (packet[1] ?? 0) : (packet[1] ?? 0) + 4 * (packet[2] ?? 0);
  return [packet.subarray(from, from + length), packet.subarray(from + length)];
}

/** Takes a packet apart. One that is damaged has frames that are. */
export function toOpusFrames(packet: Uint8Array): OpusFrames {
  const head = packet[0] ?? 0;
  const config = head >> 3;
  const channels = (head & 4) === 0 ? 1 : 2;
  const frames = splitPacket(packet);
  if (config >= FIRST_CELT) return { mode: 'celt', ms: CELT_MS[config & 3] ?? 20, channels, frames };
  if (config >= FIRST_HYBRID) return { mode: 'hybrid', ms: (config & 1) === 0 ? 10 : 20, channels, frames };
  return { mode: 'silk', ms: SILK_MS[config & 3] ?? 20, channels, frames };
}
