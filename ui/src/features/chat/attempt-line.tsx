// What happens before the first word: who is asked, what failed and how it went on.
import { LoaderCircle } from 'lucide-react';
import type { ReactNode } from 'react';
import { failureMessages } from '../../components/failure-messages.ts';
import { formatCountdown, formatDuration } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { toWho } from '../../lib/who.ts';
import { chatMessages } from './messages.ts';
import { toModelName } from './model-picker.tsx';
import type { Message } from './types.ts';

/** Who was asked, without the provider's name. */
export const tellWho = ({ route, credential }: { readonly route: string; readonly credential: string }): string =>
  toWho(toModelName(route), credential);

/** The line, as long as the answer has no word. */
export function AttemptLine({ message }: { readonly message: Message }): ReactNode {
  const t = useMessages(chatMessages);
  const failures = useMessages(failureMessages);
  const language = useLanguage();
  const { route, attempts } = message;
  const now =
    route === null
      ? t.looking
      : route.state === 'waiting'
        ? t.waiting(formatCountdown(route.wait_ms))
        : t.asking(tellWho(route));
  return (
    <div className="flex flex-col gap-1 text-sm text-muted" data-attempts>
      {attempts.map((attempt, index) => (
        <p key={`${attempt.route} ${String(index)}`} className="ps-6">
          {t.failedAt(tellWho(attempt), failures[attempt.failure ?? ''] ?? '')} · {formatDuration(attempt.ms, language)}
        </p>
      ))}
      <p className="flex items-center gap-2">
        <LoaderCircle size={16} aria-hidden className="shrink-0 animate-spin text-accent" />
        <span className="min-w-0 truncate">{now}</span>
      </p>
    </div>
  );
}
