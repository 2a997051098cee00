// A message that goes out when the answer under way has ended.
import type { ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { useMessages } from '../../lib/messages.ts';
import { chatMessages } from './messages.ts';
import type { Draft } from './types.ts';

interface NextUpProps {
  readonly draft: Draft;
  readonly onTakeBack: () => void;
  /** Sends it at once; null while an answer is under way. After one that was stopped or failed nothing else would send it. */
  readonly onSend: (() => void) | null;
}

/** The note above the message field. */
export function NextUp({ draft, onTakeBack, onSend }: NextUpProps): ReactNode {
  const t = useMessages(chatMessages);
  return (
    <div className="mx-auto mb-2 flex w-full max-w-[47rem] flex-wrap items-center justify-end gap-x-3 gap-y-1 px-6 text-sm text-muted">
      <p className="flex min-w-0 flex-[1_1_17rem] gap-3">
        <span className="shrink-0 font-medium">{t.queued}</span>
        <span dir="auto" className="min-w-0 flex-1 truncate">
          {draft.text || draft.attachments[0]?.name}
        </span>
      </p>
      <Button small onClick={onTakeBack}>
        {t.takeBack}
      </Button>
      {onSend !== null && (
        <Button small onClick={onSend}>
          {t.sendNow}
        </Button>
      )}
    </div>
  );
}
