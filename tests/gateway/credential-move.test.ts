// Where a credential may be moved without its key: to hosts that its provider owns, whatever the fields of its address say.
import { expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { createCredentialDesk } from '#lambda/gateway/credential-desk.ts';
import type { CredentialBook, Upstream, Vault } from '#lambda/ports.ts';
import type { StoredCredential } from '#shared/stored-credential.ts';
import { createFakeClock } from '../fakes/clock.ts';

const nobody = (): never => {
  throw new Error('nobody is asked');
};

/** A desk with one credential of Vertex AI, and what it has written. */
async function open() {
  const written: StoredCredential[] = [];
  const book: CredentialBook = {
    snapshot: () => ({ all: written, count: 0 }),
    write: async (credential) => written.push(credential) > 0,
  };
  const seal: Partial<Vault> = { seal: async (_, __, text) => text, open: async (_, __, sealed) => sealed };
  const desk = createCredentialDesk({
    book,
    vault: seal as Vault,
    look: nobody,
    providers: () => providers,
    allowPrivate: false,
    newId: () => 'c1',
    upstream: { start: nobody, close: async () => undefined } satisfies Upstream,
    clock: createFakeClock(0),
    dialectOf: nobody,
  });
  const fields = { apiKey: 'no account', project: 'p1', location: 'us-central1' };
  const given = await desk.create({ provider: 'vertex', fields }, { id: 'owner', name: 'the owner' });
  return { desk, given, written };
}

it.each(['europe-west4', 'global'])('the key goes along to %s, which is a place of its provider', async (location) => {
  const { desk, given } = await open();
  const moved = await desk.change(given, { fields: { location } });
  expect([moved.fields['location'], moved.sealed]).toEqual([location, given.sealed]);
});

it.each([
  'evil.example/',
  'evil.example:443/',
  'x@evil.example/',
  'a.evil.example/?',
  'evil.example#',
  'a.com/',
  'a.b',
])('the key does not go along to %s, which makes another host of the address', async (location) => {
  const { desk, given, written } = await open();
  await expect(desk.change(given, { fields: { location } })).rejects.toMatchObject({ param: 'fields.apiKey' });
  expect(written).toHaveLength(1);
});
