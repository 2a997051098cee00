// One batch: how far it is, what it cost, what it waits for, and what can be done with it.
import { Download } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useCost } from '../../lib/cost.ts';
import { formatCount, formatMoment } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { isOpen, useCancel, useStanding, type Batch, type Standing } from './data.ts';
import { batchMessages } from './messages.ts';

interface BatchProps {
  readonly batch: Batch;
}

const tones: Readonly<Record<Standing, string>> = {
  checking: 'bg-tint text-muted',
  open: 'bg-accent-tint text-accent',
  done: 'bg-free-tint text-free',
  failed: 'bg-danger-tint text-danger',
  late: 'bg-paid-tint text-paid',
  cancelling: 'bg-tint text-muted',
  cancelled: 'bg-tint text-muted',
};

function Progress({ batch: { title, total, ended, failed } }: BatchProps): ReactNode {
  const t = useMessages(batchMessages);
  const language = useLanguage();
  const share = (count: number): string => `${(count / Math.max(1, total)) * 100}%`;
  const text = t.ended(formatCount(ended, language), formatCount(total, language));
  return (
    <div
      role="progressbar"
      aria-label={t.progress(title)}
      aria-valuemin={0}
      aria-valuemax={Math.max(1, total)}
      aria-valuenow={ended}
      aria-valuetext={text}
      className="mt-2 flex h-1.5 overflow-hidden rounded-full bg-hover"
    >
      <div className="bg-accent" style={{ width: share(ended - failed) }} />
      <div className="bg-danger" style={{ width: share(failed) }} />
    </div>
  );
}

/** Its numbers in a line. */
function Numbers({ batch }: BatchProps): ReactNode {
  const t = useMessages(batchMessages);
  const language = useLanguage();
  const cost = useCost();
  const { total, ended, failed, free, paid, costUsd, isCostUnsure } = batch;
  const count = (value: number): string => formatCount(value, language);
  const numbers = [
    t.ended(count(ended), count(total)),
    failed === 0 ? null : t.failures(count(failed)),
    free === 0 ? null : t.free(count(free)),
    paid === 0 ? null : t.paid(count(paid)),
    ended === 0 ? null : t.cost(cost(costUsd, isCostUnsure)),
  ];
  return <p className="mt-1.5 text-sm tabular-nums">{numbers.filter((one) => one !== null).join(' · ')}</p>;
}

/** Problems that are shown; a file can be wrong in every line. */
const MOST_PROBLEMS = 5;

function Problems({ batch: { problems } }: BatchProps): ReactNode {
  const t = useMessages(batchMessages);
  if (problems.length === 0) return null;
  const left = problems.length - MOST_PROBLEMS;
  return (
    <ul className="mt-2 space-y-1 text-sm wrap-anywhere text-danger">
      {problems.slice(0, MOST_PROBLEMS).map((problem) => (
        <li key={`${problem.line} ${problem.message}`}>
          {problem.line === null ? t.problem(problem) : t.line(problem.line, t.problem(problem))}
        </li>
      ))}
      {left > 0 && <li>{t.moreProblems(left)}</li>}
    </ul>
  );
}

/** When it was begun, when it ends and its id, in a line. */
function useFacts(batch: Batch): string {
  const t = useMessages(batchMessages);
  const language = useLanguage();
  const moment = (atMs: number): string => formatMoment(atMs, language);
  const { id, createdAtMs, endsAtMs } = batch;
  const facts = [t.begun(moment(createdAtMs)), isOpen(batch) ? t.ends(moment(endsAtMs)) : null, id];
  return facts.filter((fact) => fact !== null).join(' · ');
}

function CancelDialog({ batch, onClose }: BatchProps & { readonly onClose: () => void }): ReactNode {
  const t = useMessages(batchMessages);
  const cancel = useCancel();
  const { show } = useToasts();
  const facts = useFacts(batch);
  return (
    <ConfirmDialog
      title={t.cancelTitle}
      cancel={t.keep}
      confirm={t.doCancel}
      run={async () => {
        await cancel(batch);
        show(t.cancelled(batch.title));
      }}
      onClose={onClose}
    >
      <p dir="auto" className="text-sm font-medium wrap-anywhere">
        {batch.title}
      </p>
      <p className="mb-3 text-xs wrap-anywhere text-muted">{facts}</p>
      <p className="text-sm text-muted">{t.cancelText}</p>
    </ConfirmDialog>
  );
}

function Actions({ batch, factsId }: BatchProps & { readonly factsId: string }): ReactNode {
  const t = useMessages(batchMessages);
  const [asking, setAsking] = useState(false);
  const { title, files, standing } = batch;
  const mayCancel = standing === 'checking' || standing === 'open';
  if (files.length === 0 && !mayCancel && !asking) return null;
  return (
    <div className="mt-3 flex flex-wrap gap-2">
      {files.map(({ kind, href, name }) => (
        <a
          key={kind}
          href={href}
          download={name}
          aria-label={t.save(t.files[kind], title)}
          aria-describedby={factsId}
          className="inline-flex min-h-8 items-center gap-2 rounded-xl border border-line bg-raised px-3 text-[0.8125rem] font-medium hover:bg-hover pointer-coarse:min-h-11"
        >
          <Download size={15} aria-hidden />
          {t.files[kind]}
        </a>
      ))}
      {mayCancel && (
        <Button small aria-label={t.cancelNamed(title)} aria-describedby={factsId} onClick={() => setAsking(true)}>
          {t.cancel}
        </Button>
      )}
      {asking && <CancelDialog batch={batch} onClose={() => setAsking(false)} />}
    </div>
  );
}

interface BatchRowProps extends BatchProps {
  /** How many of the list are open. */
  readonly open: number;
}

/** Its place in the list. */
export function BatchRow({ batch: listed, open }: BatchRowProps): ReactNode {
  const t = useMessages(batchMessages);
  const language = useLanguage();
  const batch = useStanding(listed, open);
  const facts = useFacts(batch);
  const factsId = useId();
  const { title, standing, waiting } = batch;
  return (
    <li tabIndex={-1} className="py-4">
      <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
        <span dir="auto" className="min-w-0 wrap-anywhere">
          {title}
        </span>
        <span className={`rounded-full px-2.5 py-0.5 text-xs ${tones[standing]}`}>{t.standings[standing]}</span>
      </p>
      <p id={factsId} className="text-xs wrap-anywhere text-muted">
        {facts}
      </p>
      {batch.total > 0 && (
        <>
          <Progress batch={batch} />
          <Numbers batch={batch} />
        </>
      )}
      {waiting !== null && (
        <p className="mt-1 text-sm text-muted">
          {t.waits(formatMoment(waiting.untilMs, language), t.reasons[waiting.code ?? ''] ?? waiting.why)}
        </p>
      )}
      <Problems batch={batch} />
      <Actions batch={batch} factsId={factsId} />
    </li>
  );
}
