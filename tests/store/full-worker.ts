// A process that may write no file longer than its parent allows: writes one item again and again, and tells how often that failed, and whether the last time did.
import { createSqliteStore } from '#lambda/store/sqlite.ts';

const [path = '', times = '0'] = process.argv.slice(2);
const store = createSqliteStore({ path });
const text = 'x'.repeat(50_000);
let failed = 0;
let last = '';
for (let time = 0; time < Number(times); time++) {
  last = '';
  await store.put({ pk: 'a', sk: 'b' }, { text, time }).catch((error: Error) => {
    failed++;
    last = error.message;
  });
}
const kept = (await store.get({ pk: 'a', sk: 'b' }))?.['time'];
await store.close();
process.stdout.write(JSON.stringify({ failed, last, kept }));
