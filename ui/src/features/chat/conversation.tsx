// The messages of the branch that is shown: follows the newest words until somebody scrolls up, and tells screen readers when an answer is there.
import { ArrowDown } from 'lucide-react';
import { memo, startTransition, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useStickToBottom } from 'use-stick-to-bottom';
import { useMessages } from '../../lib/messages.ts';
import { usePreferences } from '../../lib/preferences.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { toBlocks } from './blocks.ts';
import type { ChatEngine } from './engine.ts';
import { MessageView } from './message-view.tsx';
import { chatMessages } from './messages.ts';
import { toModelName } from './model-picker.tsx';
import { toVersions } from './tree.ts';
import type { Message } from './types.ts';
import type { ChatView } from './view.ts';

interface ConversationProps {
  readonly view: ChatView;
  readonly path: readonly Message[];
  readonly engine: ChatEngine;
  readonly editingId: string | null;
  readonly onEdit: (messageId: string | null) => void;
}

/** What is told when an answer ends; errors tell themselves. */
function useEnding({ state, receipt }: Pick<Message, 'state' | 'receipt'>): string | null {
  const t = useMessages(chatMessages);
  if (state === 'done') return receipt === null ? null : t.ready(receipt.tier, toModelName(receipt.route));
  return { stopped: t.stopped, broken: t.broken, queued: t.queuedOffline, streaming: null, failed: null }[state];
}

const nothing = { id: '', text: '', role: 'user', state: 'done', receipt: null } as const;

/** Tells finished blocks, or the end of an answer, as the person wants it. */
function useAnnouncements(path: readonly Message[]): void {
  const { announce } = useToasts();
  const { announce: wanted } = usePreferences().preferences;
  const { id, text, role, state, receipt } = path.at(-1) ?? nothing;
  const ending = useEnding({ state, receipt });
  const told = useRef({ id: '', blocks: 0, streaming: false });
  useEffect(() => {
    if (role !== 'assistant') return;
    if (told.current.id !== id) told.current = { id, blocks: 0, streaming: false };
    const streaming = state === 'streaming';
    const ended = told.current.streaming && !streaming;
    const parts: (string | null)[] = [];
    if (wanted === 'blocks' && (streaming || ended)) {
      const blocks = toBlocks(text);
      // The last one is finished when nothing more comes.
      const finished = Math.max(0, blocks.length - (streaming ? 1 : 0));
      parts.push(...blocks.slice(told.current.blocks, finished));
      told.current.blocks = finished;
    }
    if (wanted !== 'off' && ended) parts.push(ending);
    const said = parts.filter((part) => part !== null);
    if (said.length > 0) announce(said.join('\n'));
    told.current.streaming = streaming;
  }, [id, text, role, state, ending, announce, wanted]);
}

/** Far messages are laid out when they come near, so that long chats open at once. */
const FAR = 12;

interface MessageRowProps extends ConversationProps {
  readonly message: Message;
  readonly versions: string;
  readonly far: boolean;
}

function MessageRow(props: MessageRowProps): ReactNode {
  const { view, engine, message, versions, far, editingId, onEdit } = props;
  return (
    <div className={far ? 'far-message' : ''}>
      <MessageView
        message={message}
        chat={view.chat}
        engine={engine}
        versions={versions}
        busy={view.busyId !== null}
        editing={editingId === message.id}
        onEdit={onEdit}
      />
    </div>
  );
}

/** J and K go from message to message. */
function moveByKey(event: KeyboardEvent<HTMLElement>): void {
  const step = { j: 1, k: -1 }[event.key];
  if (step === undefined || event.ctrlKey || event.metaKey || event.target instanceof HTMLTextAreaElement) return;
  const all = [...event.currentTarget.querySelectorAll('article')];
  const at = all.findIndex((article) => article.contains(document.activeElement));
  const from = at < 0 && step < 0 ? all.length : at;
  all[Math.min(all.length - 1, Math.max(0, from + step))]?.focus();
}

/** The newest messages are there at once, older ones follow while the page has nothing else to do. */
const AT_ONCE = 24;

function useOldestShown(count: number): number {
  const [oldest, setOldest] = useState(() => Math.max(0, count - AT_ONCE));
  useEffect(() => {
    if (oldest === 0) return;
    const timer = setTimeout(() => startTransition(() => setOldest(Math.max(0, oldest - AT_ONCE))), 50);
    return () => clearTimeout(timer);
  }, [oldest]);
  return oldest;
}

const isUpKey = ({ key, shiftKey, target }: globalThis.KeyboardEvent): boolean =>
  !(target instanceof HTMLTextAreaElement) &&
  (['ArrowUp', 'PageUp', 'Home'].includes(key) || (key === ' ' && shiftKey && !(target instanceof HTMLButtonElement)));

/** The library takes no notice of scrolling while the content grows, which in a long chat it does for seconds; of wheels alone it does. */
function useGoingUp({ scrollRef, stopScroll }: Pick<ReturnType<typeof useStickToBottom>, 'scrollRef' | 'stopScroll'>) {
  useEffect(() => {
    const box = scrollRef.current;
    if (!box) return;
    const read = () => ({ top: box.scrollTop, content: box.scrollHeight, room: box.clientHeight });
    let before = read();
    const onScroll = (): void => {
      const now = read();
      // With less content or more room it is the browser that goes up.
      if (now.top < before.top && now.content >= before.content && now.room <= before.room) stopScroll();
      before = now;
    };
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (isUpKey(event) && box.scrollHeight > box.clientHeight) stopScroll();
    };
    const onPointer = ({ target, offsetX }: PointerEvent): void => {
      // The scrollbar stands beside what the box has room for.
      if (target === box && (offsetX < 0 || offsetX >= box.clientWidth)) stopScroll();
    };
    box.addEventListener('scroll', onScroll, { passive: true });
    box.addEventListener('keydown', onKey);
    box.addEventListener('pointerdown', onPointer);
    return () => {
      box.removeEventListener('scroll', onScroll);
      box.removeEventListener('keydown', onKey);
      box.removeEventListener('pointerdown', onPointer);
    };
  }, [scrollRef, stopScroll]);
}

function useFollowing(sentCount: number) {
  const stick = useStickToBottom({ initial: 'instant', resize: 'instant' });
  const { scrollToBottom } = stick;
  useGoingUp(stick);
  const [seen, setSeen] = useState(sentCount);
  useEffect(() => {
    if (sentCount > seen) void scrollToBottom('instant');
    if (sentCount !== seen) setSeen(sentCount);
  }, [sentCount, seen, scrollToBottom]);
  return stick;
}

/** The messages. Whoever types below them does not have them all looked at again. */
export const Conversation = memo(function Conversation(props: ConversationProps): ReactNode {
  const { path, view } = props;
  const t = useMessages(chatMessages);
  const sent = path.filter(({ role }) => role === 'user').length;
  const { scrollRef, contentRef, isAtBottom, scrollToBottom } = useFollowing(sent);
  const oldest = useOldestShown(path.length);
  const { preferences } = usePreferences();
  const versions = useMemo(() => toVersions(view.messages), [view.messages]);
  useAnnouncements(path);
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scrollRef}
        role="log"
        aria-live="off"
        aria-label={t.conversation}
        tabIndex={0}
        className="h-full overflow-y-auto outline-offset-[-2px]"
        onKeyDown={preferences.singleKeys ? moveByKey : undefined}
      >
        <div ref={contentRef} className="mx-auto flex w-full max-w-[48rem] flex-col gap-4 px-4 pt-6 pb-10 md:px-6">
          {path.slice(oldest).map((message, index, shown) => (
            <MessageRow
              key={message.id}
              {...props}
              message={message}
              versions={versions.get(message.parentId)?.join(' ') ?? ''}
              far={index < shown.length - FAR}
            />
          ))}
        </div>
      </div>
      {!isAtBottom && (
        <button
          type="button"
          onClick={() => void scrollToBottom()}
          className="absolute start-1/2 bottom-3 inline-flex min-h-9 pointer-coarse:min-h-11 -translate-x-1/2 items-center gap-1.5 rounded-full border border-line bg-raised px-3.5 text-sm font-medium shadow-float hover:bg-hover rtl:translate-x-1/2"
        >
          <ArrowDown size={15} aria-hidden />
          {t.latest}
        </button>
      )}
    </div>
  );
});
