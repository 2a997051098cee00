// A record of one request that was answered for free, with whatever a test needs otherwise.
import type { UsageRecord } from '#shared/api/usage.ts';

let made = 0;

/** Each has a request id of its own. */
export const toUsageRecord = (at: string, some: Partial<UsageRecord> = {}): UsageRecord => ({
  request_id: `req_${made++}`,
  at,
  person_id: 'owner',
  key_id: null,
  operation: 'chat',
  outcome: 'ok',
  route: 'a/b',
  credential: 'a',
  tier: 'free',
  input_tokens: 1,
  output_tokens: 2,
  audio_seconds: null,
  cost_usd: 0,
  list_usd: 0,
  wait_ms: 0,
  duration_ms: 3,
  rescues: 0,
  attempts: [],
  ...some,
});
