// The chats of this device: newest first, by day, found by title and by what was said.
import { Link, useNavigate } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { Search, SquarePen } from 'lucide-react';
import { memo, useDeferredValue, useEffect, useRef, useState, type ReactNode } from 'react';
import { foldText, toWords } from '../../lib/found.ts';
import { useMessages } from '../../lib/messages.ts';
import { useArchive, useChats, useEngine } from './chat-context.ts';
import { ChatMenu } from './chat-menu.tsx';
import { chatMessages } from './messages.ts';
import { RenameForm } from './rename-form.tsx';
import type { Chat } from './types.ts';

const DAY_MS = 86_400_000;

type Age = 'today' | 'yesterday' | 'week' | 'older';

function toAge({ updatedAtMs }: Chat, nowMs: number): Age {
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  if (updatedAtMs >= midnight) return 'today';
  if (updatedAtMs >= midnight - DAY_MS) return 'yesterday';
  return updatedAtMs >= midnight - 7 * DAY_MS ? 'week' : 'older';
}

const ages: readonly Age[] = ['today', 'yesterday', 'week', 'older'];

function useFound(text: string): ReadonlySet<string> | undefined {
  const archive = useArchive();
  return useQuery({
    queryKey: ['chats', 'search', text],
    queryFn: () => archive.search(text),
    enabled: text !== '',
    networkMode: 'always',
  }).data;
}

/** Whether the chat of a row is being renamed. Afterwards its link has the focus, which was in the field that is gone. */
function useRenaming() {
  const link = useRef<HTMLAnchorElement>(null);
  const [renaming, setRenaming] = useState(false);
  const was = useRef(false);
  useEffect(() => {
    if (was.current && !renaming) link.current?.focus();
    was.current = renaming;
  }, [renaming]);
  return { link, renaming, setRenaming };
}

/** The focus goes to the chat after this one, or before it, since this one is about to go. */
function focusBeside(link: HTMLAnchorElement | null): void {
  const links = [...(link?.closest('nav')?.querySelectorAll('a') ?? [])];
  const at = links.findIndex((one) => one === link);
  (links[at + 1] ?? links[at - 1])?.focus();
}

/** One chat. What can be done with it shows when it is pointed at, has the focus, or where nothing points. */
const ChatRow = memo(function ChatRow({ chat, onGo }: { readonly chat: Chat; readonly onGo: () => void }): ReactNode {
  const t = useMessages(chatMessages);
  const engine = useEngine();
  const { link, renaming, setRenaming } = useRenaming();
  const { id, title } = chat;
  const rename = async (next: string | null): Promise<void> => {
    setRenaming(false);
    if (next === null || (await engine.open(id)) === null) return;
    await engine.change(id, { title: next, named: true });
  };
  if (renaming)
    return (
      <li className="p-1">
        <RenameForm title={title} onDone={(next) => void rename(next)} />
      </li>
    );
  return (
    <li className="group relative">
      <Link
        ref={link}
        to="/c/$chatId"
        params={{ chatId: id }}
        onClick={onGo}
        activeProps={{ className: 'bg-hover font-medium', 'aria-current': 'page' }}
        className="block min-h-9 rounded-xl ps-3 pe-10 py-2 pointer-coarse:py-3 text-sm hover:bg-hover"
      >
        {/* It stands where titles begin on this page, and runs in the direction of its own words. */}
        <span dir="auto" className="inline-block max-w-full truncate align-bottom">
          {title || t.untitled}
        </span>
      </Link>
      <div className="absolute inset-y-0 end-1 flex items-center pointer-fine:opacity-0 pointer-fine:group-focus-within:opacity-100 pointer-fine:group-hover:opacity-100">
        <ChatMenu
          chat={chat}
          label={t.actionsFor(title || t.untitled)}
          onRename={() => setRenaming(true)}
          onRemove={() => focusBeside(link.current)}
        />
      </div>
    </li>
  );
});

function ChatLinks({ chats, onGo }: { readonly chats: readonly Chat[]; readonly onGo: () => void }): ReactNode {
  const t = useMessages(chatMessages);
  const nowMs = Date.now();
  return ages.map((age) => {
    const group = chats.filter((chat) => toAge(chat, nowMs) === age);
    if (group.length === 0) return null;
    return (
      <section key={age} aria-labelledby={`chats-${age}`} className="mb-3">
        <h3 id={`chats-${age}`} className="px-3 pt-1 pb-1.5 text-xs font-medium text-muted">
          {t[age]}
        </h3>
        <ul>
          {group.map((chat) => (
            <ChatRow key={chat.id} chat={chat} onGo={onGo} />
          ))}
        </ul>
      </section>
    );
  });
}

/** The list with its search. `onGo` is called when somebody leaves it for a chat. */
export const ChatList = memo(function ChatList({ onGo }: { readonly onGo: () => void }): ReactNode {
  const t = useMessages(chatMessages);
  const navigate = useNavigate();
  const chats = useChats();
  const [text, setText] = useState('');
  const wanted = useDeferredValue(text.trim());
  const found = useFound(wanted);
  const shown =
    wanted === ''
      ? chats
      : chats?.filter(
          ({ id, title }) => toWords(wanted).every((word) => foldText(title).includes(word)) || found?.has(id),
        );
  return (
    <div className="flex h-full min-h-0 flex-col gap-2 p-3">
      <button
        type="button"
        onClick={() => {
          onGo();
          void navigate({ to: '/' });
        }}
        className="flex min-h-10 items-center gap-2.5 pointer-coarse:min-h-11 rounded-xl px-3 text-sm font-medium hover:bg-hover"
      >
        <SquarePen size={17} aria-hidden className="text-accent" />
        {t.newChat}
      </button>
      <label className="flex min-h-10 items-center gap-2 rounded-xl border border-line bg-page px-3 focus-within:border-accent">
        <Search size={15} aria-hidden className="shrink-0 text-muted" />
        <input
          type="search"
          dir="auto"
          aria-label={t.search}
          placeholder={t.search}
          value={text}
          onChange={({ target }) => setText(target.value)}
          className="w-full bg-transparent text-base outline-none md:text-sm"
        />
      </label>
      <nav aria-label={t.chats} className="-mx-1 min-h-0 flex-1 overflow-y-auto px-1 pt-1">
        {shown && <ChatLinks chats={shown} onGo={onGo} />}
        {shown?.length === 0 && (wanted === '' || found !== undefined) && (
          <p role="status" className="px-3 py-2 text-sm text-muted">
            {wanted === '' ? t.noChats : t.noMatch}
          </p>
        )}
      </nav>
    </div>
  );
});
