// How much sound can be transcribed now without paying: what is left of the free limits that count seconds of it.
import type { Allowance } from '#shared/api/transcriptions.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { permits } from '../permitted.ts';
import type { ApiDeps } from './route.ts';

/** What is left for this person. Credentials that share a limit are counted once. */
export async function readAllowance(deps: ApiDeps, visit: Visit): Promise<Allowance> {
  const principal = principalOf(visit);
  const { fleet, ledger } = await deps.current(principal);
  await ledger.refresh(null);
  const able = fleet.candidates
    .map((candidate, index) => ({ candidate, index }))
    .filter(({ candidate }) => candidate.kind === 'transcription' && permits(principal, candidate));
  const free = able.filter(({ candidate }) => candidate.tier !== 'paid');
  const left = new Map<string, number>();
  let unbounded = false;
  for (const { index } of free) {
    const views = ledger
      .views(index, { requests: 1, audio_seconds: 1 })
      .filter(({ pool }) => pool.unit === 'audio_seconds');
    if (views.length === 0) unbounded = true;
    const least = views.reduce<(typeof views)[number] | null>(
      (tightest, one) => (tightest === null || one.max - one.used < tightest.max - tightest.used ? one : tightest),
      null,
    );
    const credential = fleet.credentials[index]?.id ?? '';
    if (least !== null) left.set(`${credential} ${least.pool.key}`, Math.max(0, least.max - least.used));
  }
  return {
    free_seconds: unbounded ? null : Math.round([...left.values()].reduce((sum, seconds) => sum + seconds, 0)),
    free_models: free.length,
    paid_models: able.length - free.length,
    max_bytes: deps.recordings?.maxBytes ?? 0,
  };
}
