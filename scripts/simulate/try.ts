import { playDay, type Setting } from './day.ts';
import { toFigures } from './verdict.ts';
const base: Setting = {
  name: 'x',
  shape: 'steady',
  demand: 0.6,
  paid: true,
  hosting: { kind: 'lambda', idleMs: 300_000 },
  lengthMs: 86_400_000,
  estimateError: 0.35,
  foreign: true,
  lostSettles: 0.01,
  skewMs: 2000,
  kills: null,
  outage: null,
  volley: null,
  seed: 7,
  maxWaitMs: 15_000,
};
const rows: Partial<Setting>[] = JSON.parse(process.argv[2] ?? '[{}]');
for (const row of rows) {
  const t = Date.now();
  const day = await playDay({ ...base, ...row });
  const f = toFigures(day);
  console.log(
    JSON.stringify(row),
    JSON.stringify(f, (_, v) => (typeof v === 'number' ? Math.round(v * 10000) / 10000 : v)),
  );
  console.log(JSON.stringify(day.store), 'instances', day.instances, 'killed', day.killed, 'took', Date.now() - t);
  const by = new Map<string, number>();
  for (const r of day.network.refusals) {
    const k = r.model.split('/')[1] + ' ' + r.limit;
    by.set(k, (by.get(k) ?? 0) + 1);
  }
  console.log(Object.fromEntries(by));
  if (process.argv[3])
    for (const s of day.sources) {
      const n = day.network
        .lines()
        .filter((l) => l.key === s.key && s.models.includes(l.model))
        .reduce((a, l) => a + l.served, 0);
      console.log(
        s.key,
        s.models.join('+'),
        'cap',
        Math.round(Math.min(s.stock, s.perMs * day.setting.lengthMs)),
        'served',
        n,
      );
    }
}
