// A process that may write no file longer than its parent allows: writes over one item again and again, and tells how far it came and how often that failed.
import { setTimeout as sleep } from 'node:timers/promises';
import { createSqliteStore } from '#lambda/store/sqlite.ts';

const [path = '', times = '0'] = process.argv.slice(2);
/** Longer than a store waits until it makes room again. */
const PAUSE_MS = 1_100;
const MOST_FAILURES = 6;
const key = { pk: 'a', sk: 'b' };
const store = createSqliteStore({ path });
let failed = 0;
for (let time = 0; time < Number(times) && failed < MOST_FAILURES;) {
  try {
    await store.put(key, { time, text: String(time % 10).repeat(50_000) });
    time++;
  } catch {
    failed++;
    await sleep(PAUSE_MS);
  }
}
const kept = (await store.get(key))?.['time'];
await store.close();
process.stdout.write(JSON.stringify({ failed, kept }));
