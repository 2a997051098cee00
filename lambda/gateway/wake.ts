// Ends what a credential is left alone for, because a person has found it well: a plan may have been paid for in the middle of a day.
import type { ProviderFailureKind } from '#shared/failures.ts';
import { everyMark, liftRest, restOf } from '../routing/breaker.ts';
import { isLasting } from './desk.ts';
import type { Fleet } from './fleet.ts';
import type { Ledger } from './ledger.ts';

interface WakeDeps {
  readonly fleet: Pick<Fleet, 'candidates'>;
  readonly ledger: Pick<Ledger, 'books'>;
}

/** What a payment, or a word with the provider, ends. All else ends by itself, and soon. */
const mended: ReadonlySet<ProviderFailureKind | null> = new Set(['quota_exhausted', 'bad_credential', 'not_entitled']);

/** Whoever is woken too early is told so by the next call, and rests again. Never rejects where the store is away: its rests stay then. */
export async function wake({ fleet, ledger: { books } }: WakeDeps, credentialId: string): Promise<void> {
  const own = fleet.candidates.filter((candidate) => candidate.credentialId === credentialId);
  const resting = [
    { book: credentialId, mark: everyMark, lasting: false },
    ...own.map((candidate) => ({ book: candidate.book, mark: candidate.mark, lasting: isLasting(candidate) })),
  ];
  await books.refresh(new Set(resting.map(({ book }) => book)), 0);
  for (const { book, mark, lasting } of resting) {
    const rest = restOf(books.copy(book).item ?? {}, mark, books.now());
    if (rest !== null && mended.has(rest.reason)) await books.update(book, { ...liftRest(mark), guards: [], lasting });
  }
}
