// How often one chat request asks the store, before its first byte and after it, counted on a real embedded store.
import type { Exchange, ReplyBody } from '#lambda/ports.ts';
import { OWNER_KEY, startInProcess, type InProcess, type StoreCall } from './in-process.ts';
import { decisionBodies } from './scenarios.ts';
import { percentile } from './stats.ts';

/** The most that 95 of 100 requests did; the others also read again what had become old, for all. */
export interface StoreCalls {
  readonly requests: number;
  readonly readsBefore: number;
  readonly writesBefore: number;
  readonly readsAfter: number;
  readonly writesAfter: number;
  /** Reads and writes of a server that goes on running, whose requests share them; on average. */
  readonly perThousand: { readonly reads: number; readonly writes: number };
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

/** Some requests are under way together: one after another, each would wait until what the one before has left to do later is done. */
const TOGETHER = 10;

/** The same of a server that goes on running, over many requests. */
async function countShared({ freeway, calls }: InProcess, requests: number): Promise<StoreCalls['perThousand']> {
  const from = calls.length;
  const ask = async (): Promise<void> => {
    for (let done = 0; done < requests / TOGETHER; done++) await freeway.handler(watch(calls).exchange);
  };
  await Promise.all(Array.from({ length: TOGETHER }, ask));
  const made = calls.slice(from);
  const perThousand = (call: StoreCall): number => Math.round((count(made, call) / requests) * 1_000);
  return { reads: perThousand('read'), writes: perThousand('write') };
}

/** Counts both: what a request asks for by itself, and what a running server asks for. Throws when a request is not answered with 200. */
export async function countStoreCalls(running: InProcess, requests: number): Promise<StoreCalls> {
  const alone = await startInProcess({ frozen: true });
  try {
    const own = await countOwn(alone, requests);
    return { ...own, perThousand: await countShared(running, requests * 10) };
  } finally {
    await alone.close();
  }
}

type Own = 'readsBefore' | 'writesBefore' | 'readsAfter' | 'writesAfter';
const USUAL = 0.95;

/** Sends some requests one after another, after a first one that reads what is kept for all others. */
async function countOwn({ freeway, calls }: InProcess, requests: number): Promise<Omit<StoreCalls, 'perThousand'>> {
  const all = { readsBefore: [], writesBefore: [], readsAfter: [], writesAfter: [] } as Record<Own, number[]>;
  await freeway.handler(watch(calls).exchange);
  for (let done = 0; done < requests; done++) {
    const from = calls.length;
    const { exchange, callsAtFirstByte, status } = watch(calls);
    await freeway.handler(exchange);
    const at = callsAtFirstByte();
    if (at === null || status() !== 200) throw new Error(`a request in process was answered with ${status()}`);
    const [before, after] = [calls.slice(from, at), calls.slice(at)];
    all.readsBefore.push(count(before, 'read'));
    all.writesBefore.push(count(before, 'write'));
    all.readsAfter.push(count(after, 'read'));
    all.writesAfter.push(count(after, 'write'));
  }
  const most = (name: Own): number => Math.ceil(percentile(all[name], USUAL));
  return {
    requests,
    readsBefore: most('readsBefore'),
    writesBefore: most('writesBefore'),
    readsAfter: most('readsAfter'),
    writesAfter: most('writesAfter'),
  };
}
