// How often one chat request asks the store, before its first byte and after it, counted on a real embedded store.
import type { Exchange, ReplyBody } from '#lambda/ports.ts';
import { OWNER_KEY, type InProcess, type StoreCall } from './in-process.ts';
import { decisionBodies } from './scenarios.ts';

/** The most that any one of the requests did. */
export interface StoreCalls {
  readonly requests: number;
  readonly readsBefore: number;
  readonly writesBefore: number;
  readonly readsAfter: number;
  readonly writesAfter: number;
}

interface Watched {
  readonly exchange: Exchange;
  /** How many store calls had been made when the first byte went out; null as long as none has. */
  readonly callsAtFirstByte: () => number | null;
  readonly status: () => number;
}

function watch(calls: readonly StoreCall[]): Watched {
  let atFirstByte: number | null = null;
  let status = 0;
  const body: ReplyBody = {
    write: () => true,
    drained: () => Promise.resolve(),
    end: () => undefined,
  };
  const exchange: Exchange = {
    method: 'POST',
    path: '/v1/chat/completions',
    query: '',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    remoteAddress: '127.0.0.1',
    deadlineAtMs: null,
    body: () => Promise.resolve(Buffer.from(decisionBodies.small)),
    onGone: () => undefined,
    reply: (code) => {
      status = code;
      atFirstByte = calls.length;
      return body;
    },
  };
  return { exchange, callsAtFirstByte: () => atFirstByte, status: () => status };
}

const count = (calls: readonly StoreCall[], wanted: StoreCall): number =>
  calls.filter((call) => call === wanted).length;

/** Sends some requests one after another, after a first one that reads what is kept for all others. Throws when one is not answered with 200. */
export async function countStoreCalls({ freeway, calls }: InProcess, requests: number): Promise<StoreCalls> {
  const most = { readsBefore: 0, writesBefore: 0, readsAfter: 0, writesAfter: 0 };
  await freeway.handler(watch(calls).exchange);
  for (let done = 0; done < requests; done++) {
    const from = calls.length;
    const { exchange, callsAtFirstByte, status } = watch(calls);
    await freeway.handler(exchange);
    const at = callsAtFirstByte();
    if (at === null || status() !== 200) throw new Error(`a request in process was answered with ${status()}`);
    const [before, after] = [calls.slice(from, at), calls.slice(at)];
    most.readsBefore = Math.max(most.readsBefore, count(before, 'read'));
    most.writesBefore = Math.max(most.writesBefore, count(before, 'write'));
    most.readsAfter = Math.max(most.readsAfter, count(after, 'read'));
    most.writesAfter = Math.max(most.writesAfter, count(after, 'write'));
  }
  return { requests, ...most };
}
