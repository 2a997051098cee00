// Below every answer: free or paid, who answered, how fast, what it saved, and why.
import { ReceiptText } from 'lucide-react';
import { Suspense, useState, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { failureMessages } from '../../components/failure-messages.ts';
import { TierBadge } from '../../components/tier-badge.tsx';
import { useCost } from '../../lib/cost.ts';
import { formatCount, formatDuration, formatUsd } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { lazily, patiently } from '../../lib/patiently.ts';
import { tellWho } from './attempt-line.tsx';
import { chatMessages } from './messages.ts';
import { toModelName } from './model-picker.tsx';
import type { Message } from './types.ts';

const Considered = lazily(patiently(() => import('./considered.tsx').then(({ Considered }) => Considered)));

type Receipt = NonNullable<Message['receipt']>;

const toProvider = (route: string): string => route.slice(0, route.indexOf('/'));

function useRows(message: Message, receipt: Receipt): readonly (readonly [string, string])[] {
  const t = useMessages(chatMessages);
  const language = useLanguage();
  const cost = useCost();
  const usd = (amount: number | null, isEstimated = false): string =>
    amount === null ? t.unknown : cost(amount, isEstimated);
  const count = (amount: number | null): string => (amount === null ? t.unknown : formatCount(amount, language));
  const rows: (readonly [string, string])[] = [
    [t.model, toModelName(receipt.route)],
    [t.provider, toProvider(receipt.route)],
    [t.credential, receipt.credential],
    [t.cost, usd(receipt.cost_usd, receipt.cost_estimated)],
    [t.listCost, usd(receipt.list_cost_usd)],
    [t.tokens, `${count(receipt.input_tokens)} / ${count(receipt.output_tokens)}`],
    [t.firstWord, message.firstWordMs === null ? t.unknown : formatDuration(message.firstWordMs, language)],
    [t.duration, formatDuration(receipt.duration_ms, language)],
  ];
  if (receipt.wait_ms > 0) rows.push([t.waited, formatDuration(receipt.wait_ms, language)]);
  if (receipt.rescues > 0) rows.push([t.rescues, count(receipt.rescues)]);
  return [...rows, [t.requestId, receipt.request_id]];
}

/** Who else there was, once somebody wants to know. */
function Others({ message }: { readonly message: Message }): ReactNode {
  const t = useMessages(chatMessages);
  const [asked, setAsked] = useState(false);
  if (!asked)
    return (
      <Button small className="self-start" onClick={() => setAsked(true)}>
        {t.considered}
      </Button>
    );
  return (
    <Suspense>
      <div>
        <Considered message={message} />
      </div>
    </Suspense>
  );
}

function ReceiptSheet({ message, receipt }: { readonly message: Message; readonly receipt: Receipt }): ReactNode {
  const t = useMessages(chatMessages);
  const failures = useMessages(failureMessages);
  const language = useLanguage();
  const rows = useRows(message, receipt);
  const why = { free: t.whyFree, paid: t.whyPaid, local: t.whyLocal }[receipt.tier];
  return (
    <div className="flex flex-col gap-5 text-sm">
      <div className="flex flex-col items-start gap-2">
        <TierBadge tier={receipt.tier} />
        <p className="text-base font-medium">{t.receiptText(toModelName(receipt.route), receipt.credential)}</p>
        <p className="text-muted">{why}</p>
      </div>
      {receipt.attempts.length > 0 && (
        <div>
          <p className="mb-2 font-medium">{t.whyTries}</p>
          <ol className="border-s-2 border-line ps-4">
            {receipt.attempts.map((attempt, index) => (
              <li key={`${attempt.route} ${String(index)}`} className="relative pb-3">
                <span
                  aria-hidden
                  className="absolute -start-[1.3rem] top-1.5 size-2.5 rounded-full border-2 border-raised bg-danger"
                />
                <p className="font-medium break-words">{tellWho(attempt)}</p>
                <p className="text-muted">
                  {failures[attempt.failure ?? ''] ?? attempt.message} · {formatDuration(attempt.ms, language)}
                  {attempt.status !== null && ` · HTTP ${String(attempt.status)}`}
                </p>
              </li>
            ))}
            <li className="relative">
              <span
                aria-hidden
                className="absolute -start-[1.3rem] top-1.5 size-2.5 rounded-full border-2 border-raised bg-free"
              />
              <p className="font-medium break-words">{tellWho(receipt)}</p>
              <p className="text-muted">{t.answered}</p>
            </li>
          </ol>
        </div>
      )}
      <dl className="divide-y divide-line border-y border-line">
        {rows.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-4 py-2">
            <dt className="shrink-0 text-muted">{name}</dt>
            <dd className="min-w-0 text-end break-words">{value}</dd>
          </div>
        ))}
      </dl>
      <Others message={message} />
    </div>
  );
}

/** What was saved, or what it cost, in a few words. */
function useMoney({ tier, cost_usd: cost, cost_estimated: isEstimated, list_cost_usd: list }: Receipt): {
  note: string | null;
  saved: string | null;
} {
  const t = useMessages(chatMessages);
  const language = useLanguage();
  const toText = useCost();
  if (tier === 'paid') return { note: cost === null ? null : toText(cost, isEstimated), saved: null };
  return { note: null, saved: list === null || list === 0 ? null : t.saved(formatUsd(list, language)) };
}

/** The line below an answer. */
export function AnswerFooter({
  message,
  receipt,
}: {
  readonly message: Message;
  readonly receipt: Receipt;
}): ReactNode {
  const t = useMessages(chatMessages);
  const language = useLanguage();
  const [open, setOpen] = useState(false);
  const { note, saved } = useMoney(receipt);
  const tries = receipt.attempts.length + 1;
  const parts = [
    toModelName(receipt.route),
    receipt.credential,
    formatDuration(receipt.duration_ms, language),
    saved,
    tries > 1 ? t.tries(tries) : null,
  ].filter((part) => part !== null);
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1 text-xs text-muted" data-receipt>
      <TierBadge tier={receipt.tier} {...(note === null ? {} : { note })} />
      {parts.map((part, index) => (
        <span key={part} className="flex min-w-0 items-center gap-2">
          {index > 0 && <span aria-hidden>·</span>}
          <span className="max-w-64 truncate">{part}</span>
        </span>
      ))}
      <button
        type="button"
        className="inline-flex min-h-6 items-center gap-1 rounded-lg px-1.5 font-medium text-accent hover:bg-hover"
        onClick={() => setOpen(true)}
      >
        <ReceiptText size={13} aria-hidden />
        {t.why}
      </button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t.receipt} form="sheet">
        <ReceiptSheet message={message} receipt={receipt} />
      </Dialog>
    </div>
  );
}
