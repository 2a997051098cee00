// A process of its own that takes as much of a cap as it can get, and tells how much that was.
import { createSqliteStore } from '#lambda/store/sqlite.ts';

const store = createSqliteStore({ path: process.argv[2] ?? '' });
let applied = 0;
for (let i = 0; i < 100; i++) {
  const result = await store.update({
    key: { pk: 'cap', sk: 'state' },
    guards: [{ attr: 'n', is: 'atMost', value: 29, orAbsent: true }],
    add: { n: 1 },
    set: {},
    remove: [],
  });
  if (result.applied) applied++;
}
await store.close();
process.send?.(applied);
