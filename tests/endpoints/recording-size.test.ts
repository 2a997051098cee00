// How large a recording may be: as large as is taken, and as there is room for.
import { expect, it } from 'vitest';
import { checkSize } from '#lambda/endpoints/api/recording-size.ts';
import type { Recordings } from '#lambda/ports-transcription.ts';

const place = (room?: number): Recordings => ({
  maxBytes: 1_000_000_000,
  ...(room !== undefined && { room: () => Promise.resolve(room) }),
  missing: () => Promise.resolve([]),
  read: () => Promise.resolve(new Uint8Array()),
  remove: () => Promise.resolve(),
  intake: null,
});

it('is refused before anything of it is sent where it has no room', async () => {
  await expect(checkSize(300_000_000, place(200_000_000))).rejects.toMatchObject({
    code: 'too_large',
    message: expect.stringContaining('286 MB large, and this server has room for 191 MB') as string,
    reason: { code: 'refused', what: 'no_room', values: { bytes: 300_000_000, free_bytes: 200_000_000 } },
  });
});

it('is taken where it fills what there is, and where nothing bounds it but what is taken', async () => {
  await expect(checkSize(200_000_000, place(200_000_000))).resolves.toBeUndefined();
  await expect(checkSize(1_000_000_000, place())).resolves.toBeUndefined();
  await expect(checkSize(1_000_000_001, place())).rejects.toMatchObject({ code: 'too_large' });
  await expect(checkSize(0, place())).rejects.toMatchObject({ code: 'invalid_request' });
});
