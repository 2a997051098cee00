// A house whose provider chats, embeds and transcribes, and what tests of quotas do there.
import { expect } from 'vitest';
import type { Headers } from '#lambda/ports.ts';
import { bearer, createHouse, owner, type House, type HouseInput } from './house.ts';

const GOOGLE = { GOOGLE_CLIENT_ID: 'client', ALLOWED_EMAILS: '*@example.com' };
const chat = {
  kind: 'chat',
  context: 131_072,
  maxOutput: 1_024,
  size: 'large',
  capabilities: ['tools' as const],
} as const;
const models = [
  { id: 'm1', ...chat, capabilities: [...chat.capabilities] },
  { id: 'e1', kind: 'embedding' as const },
  { id: 't1', kind: 'transcription' as const },
  { id: 'i1', kind: 'image' as const },
  { id: 's1', kind: 'speech' as const },
];
/** Members come from example.com. */
export const openHouse = (more: HouseInput = {}): Promise<House> =>
  createHouse({
    env: GOOGLE,
    entry: { models },
    spec: { models: [{ id: 'm1' }, { id: 'e1', kind: 'embedding' }, { id: 't1', kind: 'transcription' }] },
    ...more,
  });

/** A new key of the owner's, over the API. */
export async function makeKey(house: House, body: Record<string, unknown>): Promise<Headers> {
  const { status, json, text } = await house.ask('POST /api/keys', { headers: owner, body: { name: 'bot', ...body } });
  expect(status, text).toBe(201);
  return bearer(String(json['key']));
}

/** Changes the installation's settings. */
export const set = async (house: House, body: unknown): Promise<void> => {
  const { status, text } = await house.ask('PATCH /api/settings/installation', { headers: owner, body });
  expect(status, text).toBe(200);
};
