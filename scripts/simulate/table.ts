// The figures of all runs as a table for people.
import { toTable } from '../bench/report.ts';
import type { Report } from './job.ts';

const percent = (share: number | null): string => (share === null ? '-' : (share * 100).toFixed(2));

const head = [
  'run',
  'requests',
  '429 callers',
  '429 providers',
  'per 1,000',
  'free %',
  'paid %',
  'answered %',
  'of what is free %',
  'wait p50 ms',
  'p99',
  'hard by strong %',
  'cost $',
  'saved $',
  'retry-after right',
];

function toLine({ figures }: Report): string[] {
  const { comebacks } = figures;
  return [
    figures.name,
    String(figures.requests),
    String(figures.callers429),
    String(figures.provider429s),
    figures.provider429sPer1000.toFixed(2),
    percent(figures.freeShare),
    percent(figures.paidShare),
    percent(figures.success),
    percent(figures.freeUsed),
    figures.waitP50Ms.toFixed(0),
    figures.waitP99Ms.toFixed(0),
    percent(figures.strongShare),
    figures.costUsd.toFixed(3),
    figures.savedUsd.toFixed(2),
    comebacks.asked === 0 ? '-' : `${comebacks.lifted}/${comebacks.asked} (${comebacks.served} served)`,
  ];
}

const storeHead = [
  'run',
  'reads before p95',
  'writes before p95',
  'writes after p95',
  'hottest item writes/s',
  'largest item bytes',
  '$ per million',
  'instances',
  'killed',
];

function toStoreLine({ figures, store, instances, killed }: Report): string[] {
  if (store === null) return [];
  return [
    figures.name,
    String(store.readsBeforeP95),
    String(store.writesBeforeP95),
    String(store.writesAfterP95),
    String(store.hottestPerSecond),
    String(store.largestItemBytes),
    store.usdPerMillion.toFixed(2),
    String(instances),
    String(killed),
  ];
}

/** How much more of the hard prompts strong models answer than by lowest pressure alone; nothing where the two were not both run. */
function tellStrength(reports: readonly Report[]): string[] {
  const plain = reports.find(({ job }) => job.baseline === 'lowest pressure');
  const own = reports.find(({ job }) => job.baseline === null && job.scenario === plain?.job.scenario);
  const [ours, theirs] = [own?.figures.strongShare ?? null, plain?.figures.strongShare ?? null];
  if (ours === null || theirs === null) return [];
  const more = ((ours - theirs) * 100).toFixed(1);
  return [
    `Hard prompts that were answered for free: ${percent(ours)} % by models strong enough, ${percent(theirs)} % by plain lowest pressure: ${more} points more.`,
    '',
  ];
}

/** Two tables: what callers and providers saw, and what the store had to do. */
export function tellReports(reports: readonly Report[]): string {
  const stores = reports.filter(({ store }) => store !== null);
  return [
    toTable(head, reports.map(toLine)),
    '',
    toTable(storeHead, stores.map(toStoreLine)),
    '',
    ...tellStrength(reports),
    ...reports.flatMap(({ figures, faults }) => faults.map((fault) => `FAIL ${figures.name}: ${fault}`)),
  ].join('\n');
}
