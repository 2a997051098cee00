import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KMSClient } from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VaultError, type KeyWrapper, type Store, type Vault } from '#lambda/ports.ts';
import { createKmsWrapper } from '#lambda/store/kms-wrapper.ts';
import { addMasterKey, createKeyFileWrapper, forgetOlderKeys, readMasterKeys } from '#lambda/store/master-key.ts';
import { createVault, forgetLost } from '#lambda/store/vault.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

let folder: string;
let path: string;
let store: Store;
let nowMs = 0;
const openVault = (wrapper: KeyWrapper = createKeyFileWrapper(readMasterKeys(path))): Vault =>
  createVault({ store, wrapper, now: () => nowMs });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freeway-vault-'));
  path = join(folder, 'data', 'master-key');
  nowMs = 1_000_000;
  store = createMemoryStore({ now: () => nowMs });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('vault', () => {
  it('opens what it has sealed, for that person and that place only', async () => {
    const vault = openVault();
    const sealed = await vault.seal('ann', 'credential#1', 'gsk_canary');
    expect(sealed).not.toContain('gsk_canary');
    expect(await vault.open('ann', 'credential#1', sealed)).toBe('gsk_canary');
    expect(await openVault().open('ann', 'credential#1', sealed)).toBe('gsk_canary');
    await expect(vault.open('ann', 'credential#2', sealed)).rejects.toMatchObject({ kind: 'damaged' });
    await expect(vault.open('bob', 'credential#1', sealed)).rejects.toMatchObject({ kind: 'damaged' });
    await expect(vault.open('ann', 'credential#1', 'v9.abc')).rejects.toMatchObject({ kind: 'damaged' });
  });

  it('never gives the same text twice', async () => {
    const vault = openVault();
    expect(await vault.seal('ann', 'a', 'x')).not.toBe(await vault.seal('ann', 'a', 'x'));
  });

  it('opens at once only what was prepared, and only for some minutes', async () => {
    const sealed = await openVault().seal('ann', 'a', 'x');
    const vault = openVault();
    expect(() => vault.openNow('ann', 'a', sealed)).toThrow(expect.objectContaining({ kind: 'not_prepared' }));
    await vault.prepare('ann');
    expect(vault.openNow('ann', 'a', sealed)).toBe('x');
  });

  it('gives one data key to all who make one at once', async () => {
    const vaults = Array.from({ length: 8 }, () => openVault());
    const sealed = await Promise.all(vaults.map((vault, index) => vault.seal('ann', 'a', String(index))));
    const reader = openVault();
    expect(await Promise.all(sealed.map((text) => reader.open('ann', 'a', text)))).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
    ]);
  });

  it('names a wrong master key as such, before anything is opened', async () => {
    const sealed = await openVault().seal('ann', 'a', 'x');
    writeFileSync(path, `${Buffer.alloc(32, 7).toString('base64')}\n`);
    const vault = openVault();
    for (const attempt of [vault.check(), vault.open('ann', 'a', sealed), vault.seal('bob', 'b', 'y')])
      await expect(attempt).rejects.toMatchObject({
        kind: 'wrong_master_key',
        message: expect.stringContaining('Put the right file'),
      });
  });

  it('opens the secrets of all others where one data key is damaged, or lies there from another master key', async () => {
    const wrapper = createKeyFileWrapper([Buffer.alloc(32, 7)]);
    const foreign = await wrapper.wrap(Buffer.alloc(32), 'ann');
    for (const wrapped of ['', 'x.y', foreign, `${foreign.slice(0, 20)}AAAA${foreign.slice(24)}`, null]) {
      store = createMemoryStore({ now: () => nowMs });
      const sealed = await openVault().seal('ann', 'a', 'x');
      const other = await openVault().seal('bob', 'b', 'y');
      const key = { pk: 'vault', sk: 'key#ann' };
      const before = String((await store.get(key))?.['wrapped']);
      await store.put(key, { wrapped: wrapped ?? `${before.slice(0, -4)}AAAA` });
      const vault = openVault();
      for (const attempt of [vault.prepare('ann'), vault.open('ann', 'a', sealed), vault.seal('ann', 'a', 'z')])
        await expect(attempt, String(wrapped)).rejects.toMatchObject({
          kind: 'damaged_key',
          message: expect.stringContaining('forget-lost-secrets'),
        });
      expect(await vault.open('bob', 'b', other)).toBe('y');
    }
  });

  it('that a lost master key has locked is opened anew by forgetting what only that key could open', async () => {
    const lost = await openVault().seal('ann', 'a', 'x');
    writeFileSync(path, `${Buffer.alloc(32, 7).toString('base64')}\n`);
    const wrapper = createKeyFileWrapper(readMasterKeys(path));
    await expect(openVault().seal('bob', 'b', 'y')).rejects.toThrow('forget-lost-secrets');
    expect(await forgetLost(store, wrapper, false)).toBe(2);
    expect(await forgetLost(store, wrapper, true)).toBe(2);
    const vault = openVault();
    const sealed = await vault.seal('bob', 'b', 'y');
    await expect(vault.open('ann', 'a', lost)).rejects.toMatchObject({ kind: 'damaged' });
    expect(await vault.open('ann', 'a', await vault.seal('ann', 'a', 'again'))).toBe('again');
    // Nothing of what can be opened is forgotten.
    expect(await forgetLost(store, wrapper, true)).toBe(0);
    expect(await openVault().open('bob', 'b', sealed)).toBe('y');
  });

  it('forgets nothing while what wraps its keys is away', async () => {
    await openVault().seal('ann', 'a', 'x');
    const away = () => Promise.reject(new VaultError('unavailable', 'away'));
    await expect(forgetLost(store, { wrap: away, unwrap: away }, true)).rejects.toThrow('away');
    expect((await store.query('vault')).items).toHaveLength(2);
  });

  it('takes a new master key while the old one still reads, and then without it', async () => {
    const before = openVault();
    const sealed = await before.seal('ann', 'a', 'x');
    const next = createKeyFileWrapper(addMasterKey(path));
    const during = openVault();
    expect(await during.rewrap(next)).toEqual({ count: 2, left: [] });
    expect(await before.open('ann', 'a', sealed)).toBe('x');
    expect(await during.open('ann', 'a', sealed)).toBe('x');
    forgetOlderKeys(path);
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(1);
    const after = openVault();
    expect(await after.open('ann', 'a', sealed)).toBe('x');
    expect(await after.open('ann', 'a', await after.seal('ann', 'a', 'y'))).toBe('y');
  });

  it('takes a new master key although the key of somebody is damaged, which stays as it is', async () => {
    const before = openVault();
    const sealed = await before.seal('ann', 'a', 'x');
    await before.seal('bob', 'b', 'y');
    const damaged = { pk: 'vault', sk: 'key#bob' };
    const item = { wrapped: `${String((await store.get(damaged))?.['wrapped']).slice(0, -8)}AAAAAAAA` };
    await store.put(damaged, item);
    const next = createKeyFileWrapper(addMasterKey(path));
    expect(await openVault().rewrap(next)).toEqual({ count: 2, left: ['bob'] });
    expect(await store.get(damaged)).toEqual(item);
    forgetOlderKeys(path);
    expect(await openVault().open('ann', 'a', sealed)).toBe('x');
  });

  it('stops, and forgets nothing, where what wraps its keys is away', async () => {
    await openVault().seal('ann', 'a', 'x');
    const read = createKeyFileWrapper(readMasterKeys(path));
    const away: KeyWrapper = {
      wrap: read.wrap,
      unwrap: (wrapped, context) =>
        context === 'check' ? read.unwrap(wrapped, context) : Promise.reject(new VaultError('unavailable', 'away')),
    };
    await expect(createVault({ store, wrapper: away, now: Date.now }).rewrap(read)).rejects.toThrow('away');
  });

  it('keeps its file to the person who runs it', () => {
    readMasterKeys(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, 'too short\n');
    expect(() => readMasterKeys(path)).toThrow(/32 bytes in base64/);
  });
});

describe('KMS wrapper', () => {
  let server: Server;
  let client: KMSClient;
  let fault: string | null = null;
  const calls: { target: string; context: Record<string, string> }[] = [];

  beforeEach(async () => {
    fault = null;
    calls.length = 0;
    // KMS as its client sees it: what was encrypted under a context opens under no other.
    server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        const body = JSON.parse(text) as Record<string, unknown>;
        const target = String(request.headers['x-amz-target']).replace('TrentService.', '');
        const context = body['EncryptionContext'] as Record<string, string>;
        calls.push({ target, context });
        const type = { 'content-type': 'application/x-amz-json-1.1' };
        const refuse = (name: string): unknown =>
          response.writeHead(400, type).end(JSON.stringify({ __type: name, message: 'arn:aws:kms:1' }));
        if (fault !== null) return refuse(fault);
        const mark = `${JSON.stringify(context)}|`;
        if (target === 'Encrypt') {
          const blob = Buffer.concat([Buffer.from(mark), Buffer.from(String(body['Plaintext']), 'base64')]);
          return response.writeHead(200, type).end(JSON.stringify({ CiphertextBlob: blob.toString('base64') }));
        }
        const blob = Buffer.from(String(body['CiphertextBlob']), 'base64');
        if (!blob.subarray(0, mark.length).equals(Buffer.from(mark))) return refuse('InvalidCiphertextException');
        return response
          .writeHead(200, type)
          .end(JSON.stringify({ Plaintext: blob.subarray(mark.length).toString('base64') }));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    client = new KMSClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    });
  });
  afterEach(() => {
    client.destroy();
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });

  it('wraps under a context that names app and person', async () => {
    const vault = openVault(createKmsWrapper({ keyId: 'key-1', client }));
    const sealed = await vault.seal('ann', 'a', 'x');
    const again = openVault(createKmsWrapper({ keyId: 'key-1', client }));
    expect(await again.open('ann', 'a', sealed)).toBe('x');
    expect(calls.at(-1)).toEqual({ target: 'Decrypt', context: { app: 'freeway', person: 'ann' } });
    const used = calls.length;
    await again.open('ann', 'a', sealed);
    expect(calls).toHaveLength(used);
  });

  it.each([
    ['InvalidCiphertextException', 'wrong_master_key'],
    ['NotFoundException', 'wrong_master_key'],
    ['AccessDeniedException', 'unavailable'],
  ])('tells %s as %s, without names of the account', async (name, kind) => {
    const sealed = await openVault(createKmsWrapper({ keyId: 'key-1', client })).seal('ann', 'a', 'x');
    fault = name;
    const attempt = openVault(createKmsWrapper({ keyId: 'key-1', client })).open('ann', 'a', sealed);
    await expect(attempt).rejects.toMatchObject({ kind, message: expect.not.stringContaining('arn:') });
  });
});
