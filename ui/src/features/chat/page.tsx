// The chat: the list of chats beside a conversation, or an empty field to begin one.
import { useNavigate, useParams } from '@tanstack/react-router';
import { Suspense, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Notice } from '../../components/notice.tsx';
import { useMessages } from '../../lib/messages.ts';
import { usePreferences } from '../../lib/preferences.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import './chat.css';
import { useChatView, useEngine, useResending } from './chat-context.ts';
import { ChatHeader } from './chat-header.tsx';
import { ChatList } from './chat-list.tsx';
import { useCopy } from './clipboard.ts';
import { Composer } from './composer.tsx';
import { useDraft } from './draft.ts';
import { useEditing } from './editing.ts';
import { EmptyChat } from './empty-chat.tsx';
import { chatMessages } from './messages.ts';
import { NextUp } from './next-up.tsx';
import { RoutePreview } from './preview.tsx';
import { toPath } from './tree.ts';
import { emptyDraft, joinDrafts, type Message } from './types.ts';
import type { ChatView } from './view.ts';
import { useWish, type WishPort } from './wish.ts';
import { lazily, patiently } from '../../lib/patiently.ts';

const loadConversation = patiently(() => import('./conversation.tsx').then(({ Conversation }) => Conversation));
/** Reading Markdown is most of the code, and an empty chat has none. */
const Conversation = lazily(loadConversation);

const NEW = 'new';
const isWide = (): boolean => matchMedia('(min-width: 64rem)').matches;

interface ListState {
  readonly wideShown: boolean;
  readonly drawer: boolean;
  readonly toggle: () => void;
  readonly close: () => void;
}

function useList(): ListState {
  const { preferences, change } = usePreferences();
  const [drawer, setDrawer] = useState(false);
  return {
    wideShown: preferences.chatList,
    drawer,
    toggle: () => (isWide() ? change({ chatList: !preferences.chatList }) : setDrawer(true)),
    close: () => setDrawer(false),
  };
}

const stay = (): void => undefined;

function ListPanels({ list }: { readonly list: ListState }): ReactNode {
  const t = useMessages(chatMessages);
  return (
    <>
      {list.wideShown && (
        <aside aria-label={t.chats} className="hidden w-64 shrink-0 border-e border-line bg-side lg:block">
          <ChatList onGo={stay} />
        </aside>
      )}
      <Dialog open={list.drawer} onClose={list.close} title={t.chats} form="sheet">
        <div className="-m-5 h-[calc(100%+2.5rem)]">
          <ChatList onGo={list.close} />
        </div>
      </Dialog>
    </>
  );
}

function useChatShortcuts(path: readonly Message[], focus: () => void, toggleList: () => void): void {
  const { copy } = useCopy();
  useShortcuts({
    focusComposer: focus,
    chatList: toggleList,
    copyAnswer: () => {
      const answer = path.findLast(({ role }) => role === 'assistant');
      if (answer) void copy(answer.text);
    },
    copyCode: () => [...document.querySelectorAll<HTMLElement>('[data-copy-code]')].at(-1)?.click(),
  });
}

/** The message field. It has the focus at first, and again after other things; not by itself on phones, where that opens the keyboard. */
function useField(chatId: string | null, title: string) {
  const field = useRef<HTMLTextAreaElement>(null);
  const focus = (): void => field.current?.focus();
  const comeBack = useCallback((): void => {
    if (!matchMedia('(pointer: coarse)').matches) field.current?.focus();
  }, []);
  useEffect(() => {
    comeBack();
    document.title = title === '' ? 'Freeway' : `${title} · Freeway`;
  }, [chatId, title, comeBack]);
  return { field, focus, comeBack };
}

interface Sending {
  readonly chatId: string | null;
  readonly wish: WishPort;
  readonly temporary: boolean;
  readonly focus: () => void;
}

function useSending({ chatId, wish, temporary, focus }: Sending) {
  const engine = useEngine();
  const navigate = useNavigate();
  const { draft, change, clear } = useDraft(chatId ?? NEW, temporary);
  const send = async (): Promise<void> => {
    if (draft.text.trim() === '' && draft.attachments.length === 0) return;
    clear();
    const id = chatId ?? engine.create({ ...wish.wish, temporary }).id;
    if (chatId === null) wish.onBegun();
    const sent = engine.send(id, { ...draft, text: draft.text.trim() });
    if (chatId === null) await navigate({ to: '/c/$chatId', params: { chatId: id } });
    await sent;
  };
  const begin = (text: string): void => {
    change({ ...draft, text });
    focus();
  };
  const takeBack = (): void => {
    // What was typed meanwhile stands behind it.
    change(joinDrafts(engine.unqueue(chatId ?? ''), draft));
    focus();
  };
  const sendNext = (): void => {
    void engine.send(chatId ?? '', emptyDraft);
    focus();
  };
  return { draft, change, send, begin, takeBack, sendNext };
}

interface NotesProps {
  readonly view: ChatView | null;
  readonly temporary: boolean;
  readonly onTakeBack: () => void;
  readonly onSendNext: () => void;
}

/** What is to be known right above the message field. */
function Notes({ view, temporary, onTakeBack, onSendNext }: NotesProps): ReactNode {
  const t = useMessages(chatMessages);
  return (
    <>
      {(view?.chat.temporary ?? temporary) && <p className="pb-1 text-center text-xs text-muted">{t.temporaryOn}</p>}
      {view?.kept === false && (
        <p role="status" className="px-4 pb-1 text-center text-xs text-paid">
          {t.notKept}
        </p>
      )}
      {view?.next && (
        <NextUp draft={view.next} onTakeBack={onTakeBack} onSend={view.busyId === null ? onSendNext : null} />
      )}
    </>
  );
}

const nothing: readonly Message[] = [];

/** The branch that is shown. */
const usePath = (view: ChatView | null): readonly Message[] =>
  useMemo(() => (view === null ? nothing : toPath(view.messages, view.chat.leafId)), [view]);

function ChatPage({ chatId }: { readonly chatId: string | null }): ReactNode {
  const engine = useEngine();
  const view = useChatView(chatId);
  const list = useList();
  const { field, focus, comeBack } = useField(chatId, view?.chat.title ?? '');
  const [temporary, setTemporary] = useState(false);
  const [editingId, edit] = useEditing(view?.chat ?? null, comeBack);
  const wish = useWish(chatId);
  const { draft, change, send, begin, takeBack, sendNext } = useSending({
    chatId,
    wish,
    temporary: view?.chat.temporary ?? temporary,
    focus,
  });
  const path = usePath(view);
  useResending();
  useEffect(() => void loadConversation().catch(() => undefined), []);
  useChatShortcuts(path, focus, list.toggle);
  return (
    <div className="flex min-h-0 flex-1">
      <ListPanels list={list} />
      <main className="flex min-w-0 flex-1 flex-col">
        <ChatHeader
          view={view}
          engine={engine}
          wish={wish}
          onToggleList={list.toggle}
          listShown={isWide() ? list.wideShown : list.drawer}
          temporary={temporary}
          onTemporary={setTemporary}
          onRenamed={comeBack}
        />
        {view === null || path.length === 0 ? (
          <EmptyChat onBegin={begin} />
        ) : (
          <Suspense fallback={<div className="flex-1" />}>
            <Conversation view={view} path={path} engine={engine} editingId={editingId} onEdit={edit} />
          </Suspense>
        )}
        <Notes view={view} temporary={temporary} onTakeBack={takeBack} onSendNext={sendNext} />
        <Composer
          draft={draft}
          onChange={change}
          onSend={() => void send()}
          onStop={() => engine.stop(chatId ?? '')}
          onEditLast={() => edit(path.findLast(({ role }) => role === 'user')?.id ?? null)}
          busy={view !== null && view.busyId !== null}
          field={field}
          note={<RoutePreview path={path} draft={draft} wish={wish.wish} />}
        />
      </main>
    </div>
  );
}

/** A chat that has not begun. */
export function NewChatPage(): ReactNode {
  return <ChatPage chatId={null} />;
}

/** In place of a chat that is not there: the others, and a new one. */
function MissingChat(): ReactNode {
  const t = useMessages(chatMessages);
  const navigate = useNavigate();
  const list = useList();
  const actions = (
    <>
      <Button small look="primary" onClick={() => void navigate({ to: '/' })}>
        {t.newChat}
      </Button>
      <Button small className="lg:hidden" onClick={list.toggle}>
        {t.showChats}
      </Button>
    </>
  );
  return (
    <div className="flex min-h-0 flex-1">
      <ListPanels list={list} />
      <main className="mx-auto w-full max-w-xl p-4 md:p-8">
        <h1 className="sr-only">{t.gone}</h1>
        <Notice tone="info" title={t.gone} actions={actions}>
          {t.goneText}
        </Notice>
      </main>
    </div>
  );
}

/** A chat of the archive. */
export function StoredChatPage(): ReactNode {
  const { chatId } = useParams({ from: '/c/$chatId' });
  const engine = useEngine();
  const [missing, setMissing] = useState<string | null>(null);
  const view = useChatView(chatId);
  // Also when it was removed in another window.
  const isClosed = view === null;
  useEffect(() => {
    if (!isClosed) return;
    const open = async (): Promise<void> => {
      if ((await engine.open(chatId)) === null) setMissing(chatId);
    };
    void open();
  }, [engine, chatId, isClosed]);
  if (view === null && missing === chatId) return <MissingChat />;
  return view === null ? <main aria-busy="true" className="flex-1" /> : <ChatPage key={chatId} chatId={chatId} />;
}
