// In place of an answer that did not come: what happened, when it gets better, and one click to go on.
import { useNavigate } from '@tanstack/react-router';
import { Suspense, useEffect, useState, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useErrorText } from '../../components/error-text.ts';
import { Notice } from '../../components/notice.tsx';
import { useMessages } from '../../lib/messages.ts';
import { lazily, patiently } from '../../lib/patiently.ts';
import { useCopy } from './clipboard.ts';
import { chatMessages } from './messages.ts';
import type { Chat, Message, MessageError } from './types.ts';

const Considered = lazily(patiently(() => import('./considered.tsx').then(({ Considered }) => Considered)));

function useNow(active: boolean): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [active]);
  return nowMs;
}

interface AnswerErrorProps {
  readonly message: Message;
  readonly error: MessageError;
  readonly chat: Chat;
  readonly onRetry: () => void;
  readonly onChange: (changes: Partial<Pick<Chat, 'model' | 'policy'>>) => void;
}

/** Counts down to the moment when quota is back, and sends by itself if the person wants that. */
function Countdown({ retryAtMs, onRetry }: { readonly retryAtMs: number; readonly onRetry: () => void }): ReactNode {
  const t = useMessages(chatMessages);
  const [auto, setAuto] = useState(false);
  const nowMs = useNow(true);
  const leftMs = retryAtMs - nowMs;
  const due = auto && leftMs <= 0;
  useEffect(() => {
    if (due) onRetry();
  }, [due, onRetry]);
  if (leftMs <= 0)
    return (
      <Button look="primary" small onClick={onRetry}>
        {t.tryNow}
      </Button>
    );
  return (
    <>
      <span className="w-full tabular-nums" role="timer">
        {auto ? t.willSend(leftMs) : t.backIn(leftMs)}
      </span>
      {auto ? (
        <Button small onClick={() => setAuto(false)}>
          {t.dontSend}
        </Button>
      ) : (
        <Button look="primary" small onClick={() => setAuto(true)}>
          {t.waitAndSend}
        </Button>
      )}
    </>
  );
}

/** The button that shows who could have answered, and what spoke against each. */
function WhyNobody({ message }: { readonly message: Message }): ReactNode {
  const t = useMessages(chatMessages);
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button small onClick={() => setOpen(true)}>
        {t.why}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t.whyNobody} form="sheet">
        <Suspense>
          <Considered message={message} />
        </Suspense>
      </Dialog>
    </>
  );
}

/** The card. */
export function AnswerError({ message, error, chat, onRetry, onChange }: AnswerErrorProps): ReactNode {
  const t = useMessages(chatMessages);
  const { copy } = useCopy();
  const toText = useErrorText();
  const navigate = useNavigate();
  const { code, retryAtMs, requestId } = error;
  const isOurs = code === 'internal' || code === 'bad_reply';
  // Limits of whoever asks hold for every model.
  const isOfAsker = code === 'unauthenticated' || code === 'rate_limited';
  const mayPay = chat.policy === 'only_free' && (code === 'exhausted' || code === 'no_candidate');
  return (
    <Notice
      tone="danger"
      title={t.errors[code] ?? t.otherError}
      actions={
        <>
          {retryAtMs !== null && code !== 'unauthenticated' ? (
            <Countdown retryAtMs={retryAtMs} onRetry={onRetry} />
          ) : (
            <Button look="primary" small onClick={onRetry}>
              {t.tryNow}
            </Button>
          )}
          {mayPay && (
            <Button small onClick={() => onChange({ policy: 'free_first' })}>
              {t.allowPaid}
            </Button>
          )}
          {message.model !== 'auto' && !isOfAsker && (
            <Button small onClick={() => onChange({ model: 'auto' })}>
              {t.useAuto}
            </Button>
          )}
          {!isOurs && !isOfAsker && <WhyNobody message={message} />}
          {code === 'no_candidate' && (
            <Button small onClick={() => void navigate({ to: '/providers' })}>
              {t.addKey}
            </Button>
          )}
          {isOurs && requestId !== null && (
            <Button small onClick={() => void copy(requestId)}>
              {t.copyId}
            </Button>
          )}
        </>
      }
    >
      <p className="break-words whitespace-pre-line">
        {code === 'unauthenticated'
          ? t.sessionEnded
          : toText({ ...error, failures: message.attempts.map(({ failure }) => failure) })}
      </p>
    </Notice>
  );
}
