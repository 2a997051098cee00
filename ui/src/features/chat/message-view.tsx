// One message of a conversation: the person's own, or an answer with all that can be done with it.
import { Check, ChevronLeft, ChevronRight, Copy, Pencil, RefreshCw } from 'lucide-react';
import { memo, useEffect, useRef, type ReactNode } from 'react';
import { Button, IconButton } from '../../components/button.tsx';
import { Popover } from '../../components/popover.tsx';
import { useMessages } from '../../lib/messages.ts';
import { AnswerError } from './answer-error.tsx';
import { AnswerFooter } from './answer-footer.tsx';
import { AttemptLine } from './attempt-line.tsx';
import { useCopy } from './clipboard.ts';
import { FileChips } from './composer.tsx';
import { EditForm } from './edit-form.tsx';
import type { ChatEngine } from './engine.ts';
import { Markdown } from './markdown.tsx';
import { chatMessages } from './messages.ts';
import { RegenerateMenu } from './regenerate-menu.tsx';
import type { Chat, Message } from './types.ts';

export interface MessageViewProps {
  readonly message: Message;
  readonly chat: Chat;
  readonly engine: ChatEngine;
  /** Ids of all versions of this message, in order. */
  readonly versions: string;
  readonly busy: boolean;
  readonly editing: boolean;
  readonly onEdit: (messageId: string | null) => void;
}

function VersionPager({ message, engine, versions, busy }: MessageViewProps): ReactNode {
  const t = useMessages(chatMessages);
  const ids = versions.split(' ');
  const at = ids.indexOf(message.id);
  if (ids.length < 2) return null;
  const go = (to: number): void => void engine.select(message.chatId, ids[to] ?? message.id);
  return (
    <div role="group" aria-label={t.branchLabel} className="flex items-center text-xs text-muted">
      <IconButton label={t.previous} compact disabled={at === 0 || busy} onClick={() => go(at - 1)}>
        <ChevronLeft size={15} aria-hidden />
      </IconButton>
      <span className="tabular-nums">{t.branch(at + 1, ids.length)}</span>
      <IconButton label={t.next} compact disabled={at === ids.length - 1 || busy} onClick={() => go(at + 1)}>
        <ChevronRight size={15} aria-hidden />
      </IconButton>
    </div>
  );
}

function CopyButton({ text }: { readonly text: string }): ReactNode {
  const t = useMessages(chatMessages);
  const { copied, copy } = useCopy();
  return (
    <IconButton label={copied ? t.copied : t.copy} compact onClick={() => void copy(text)}>
      {copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
    </IconButton>
  );
}

/** Where editing was begun by its button, the button has the focus again when it is given up. */
function useEditFocus(editing: boolean, onBegin: () => void) {
  const button = useRef<HTMLButtonElement>(null);
  const begun = useRef(false);
  useEffect(() => {
    if (editing || !begun.current) return;
    begun.current = false;
    button.current?.focus();
  }, [editing]);
  const begin = (): void => {
    begun.current = true;
    onBegin();
  };
  return { button, begin };
}

function Question(props: MessageViewProps): ReactNode {
  const { message, busy, editing, onEdit } = props;
  const t = useMessages(chatMessages);
  const { button, begin } = useEditFocus(editing, () => onEdit(message.id));
  if (editing) return <EditForm {...props} />;
  return (
    <article tabIndex={-1} aria-label={t.you} className="group flex flex-col items-end gap-1" data-message={message.id}>
      <FileChips files={message.attachments} />
      {message.text !== '' && (
        <div
          dir="auto"
          className="max-w-[min(36rem,88%)] rounded-3xl bg-tint px-4 py-2.5 break-words whitespace-pre-wrap"
        >
          {message.text}
        </div>
      )}
      <div className="flex items-center gap-0.5 md:opacity-0 md:group-focus-within:opacity-100 md:group-hover:opacity-100">
        <CopyButton text={message.text} />
        <IconButton ref={button} label={t.edit} compact disabled={busy} onClick={begin}>
          <Pencil size={15} aria-hidden />
        </IconButton>
        <VersionPager {...props} />
      </div>
    </article>
  );
}

function Reasoning({ message }: { readonly message: Message }): ReactNode {
  const t = useMessages(chatMessages);
  if (message.reasoning === '') return null;
  const thinking = message.state === 'streaming' && message.text === '';
  return (
    <details className="mb-2 rounded-2xl border border-line px-4 py-2 text-sm text-muted">
      <summary className="font-medium">{thinking ? t.thinking : t.thought}</summary>
      <p dir="auto" className="pt-2 break-words whitespace-pre-wrap">
        {message.reasoning}
      </p>
    </details>
  );
}

/** What to say and offer below an answer that is not whole. */
function Unfinished({ message, engine, busy }: MessageViewProps): ReactNode {
  const t = useMessages(chatMessages);
  const { state, finish, text, chatId, id } = message;
  const said =
    state === 'stopped'
      ? t.stopped
      : state === 'broken'
        ? t.broken
        : state === 'done' && finish === 'length'
          ? t.cut
          : null;
  if (state === 'queued')
    return (
      <div className="flex flex-wrap items-center gap-2 text-sm text-muted">
        <p role="status">{t.queuedOffline}</p>
        <Button small disabled={busy} onClick={() => void engine.retry(chatId, id)}>
          {t.tryNow}
        </Button>
      </div>
    );
  if (said === null) return null;
  return (
    <div className="mt-2 flex flex-wrap items-center gap-2 text-sm text-muted">
      <span>{said}</span>
      {text !== '' && (
        <Button small disabled={busy} onClick={() => void engine.continue(chatId, id)}>
          {t.continue}
        </Button>
      )}
      <Button small disabled={busy} onClick={() => void engine.retry(chatId, id)}>
        {t.redo}
      </Button>
    </div>
  );
}

function AnswerActions(props: MessageViewProps): ReactNode {
  const { message, engine, busy } = props;
  const t = useMessages(chatMessages);
  const { parentId, chatId } = message;
  return (
    <div className="-ms-2 flex items-center gap-0.5">
      <CopyButton text={message.text} />
      {parentId !== null && (
        <Popover
          label={t.regenerate}
          className="w-[min(22rem,calc(100vw-1rem))]"
          trigger={(trigger) => (
            <IconButton {...trigger} label={t.regenerate} compact disabled={busy}>
              <RefreshCw size={15} aria-hidden />
            </IconButton>
          )}
        >
          {(close) => (
            <RegenerateMenu
              close={close}
              model={message.model ?? 'auto'}
              onChoose={(model) => void engine.answer(chatId, parentId, model)}
            />
          )}
        </Popover>
      )}
      <VersionPager {...props} />
    </div>
  );
}

function AnswerView(props: MessageViewProps): ReactNode {
  const { message, chat, engine } = props;
  const t = useMessages(chatMessages);
  const { state, text, error, receipt, chatId, id } = message;
  const streaming = state === 'streaming';
  const retry = useRef(() => void engine.retry(chatId, id));
  return (
    <article
      tabIndex={-1}
      aria-label={t.assistant}
      aria-busy={streaming}
      data-message={id}
      data-state={state}
      className="min-w-0"
    >
      <Reasoning message={message} />
      {text !== '' && <Markdown text={text} growing={streaming} />}
      {streaming && (text === '' || message.route?.state === 'waiting') && <AttemptLine message={message} />}
      <Unfinished {...props} />
      {error !== null && state === 'failed' && (
        <AnswerError
          message={message}
          error={error}
          chat={chat}
          onRetry={retry.current}
          onChange={(changes) => {
            const again = async (): Promise<void> => {
              await engine.change(chatId, changes);
              await engine.retry(chatId, id, changes.model);
            };
            void again();
          }}
        />
      )}
      {!streaming && (text !== '' || receipt !== null) && (
        <div className="mt-2 flex flex-col gap-0.5">
          {receipt !== null && <AnswerFooter message={message} receipt={receipt} />}
          <AnswerActions {...props} />
        </div>
      )}
    </article>
  );
}

/** A message; drawn again only when something of it changed. */
export const MessageView = memo(function MessageView(props: MessageViewProps): ReactNode {
  return props.message.role === 'user' ? <Question {...props} /> : <AnswerView {...props} />;
});
