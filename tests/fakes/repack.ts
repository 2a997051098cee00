// The sound of a recording in a file of another kind, such as a film.
import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  Output,
  type OutputFormat,
} from 'mediabunny';
import { openInput, toMemorySource } from '#lambda/gateway/audio-source.ts';

export interface Repacked {
  readonly bytes: Uint8Array;
  /** As long as the sound itself is. */
  readonly seconds: number;
}

/** Its packets, `late` seconds later, beside `pictures`, of which nothing can be seen. */
export async function repack(
  given: Uint8Array,
  format: OutputFormat,
  { late = 0, pictures = 0 }: { late?: number; pictures?: number } = {},
): Promise<Repacked> {
  const input = await openInput(toMemorySource(given));
  const track = await input.getPrimaryAudioTrack();
  const decoderConfig = await track?.getDecoderConfig();
  if (!track?.codec || !decoderConfig) throw new Error('no track');
  const target = new BufferTarget();
  const output = new Output({ format, target });
  const source = new EncodedAudioPacketSource(track.codec);
  const film = new EncodedVideoPacketSource('vp8');
  output.addAudioTrack(source);
  if (pictures > 0) output.addVideoTrack(film);
  await output.start();
  const sound = async (): Promise<void> => {
    for await (const packet of new EncodedPacketSink(track).packets())
      await source.add(packet.clone({ timestamp: Math.max(0, packet.timestamp) + late }), { decoderConfig });
    source.close();
  };
  const picture = async (): Promise<void> => {
    for (let at = 0; at < pictures; at++)
      await film.add(new EncodedPacket(new Uint8Array(5_000), 'key', at, 1), {
        decoderConfig: { codec: 'vp8', codedWidth: 160, codedHeight: 120 },
      });
    film.close();
  };
  await Promise.all([sound(), ...(pictures > 0 ? [picture()] : [])]);
  await output.finalize();
  const seconds = await track.computeDuration();
  input.dispose();
  return { bytes: new Uint8Array(target.buffer ?? new ArrayBuffer(0)), seconds };
}
