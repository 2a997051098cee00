// The chat engine over a scripted server and a memory archive: what is kept, what is retried, and what a cut leaves behind.
import { expect, it, vi } from 'vitest';
import { ApiError, type Api, type ApiRequest } from '../../ui/src/lib/api.ts';
import type { Archive, StoredChat } from '../../ui/src/features/chat/archive.ts';
import type { Elsewhere, Word } from '../../ui/src/features/chat/elsewhere.ts';
import { ChatEngine } from '../../ui/src/features/chat/engine.ts';
import { toPath } from '../../ui/src/features/chat/tree.ts';
import { emptyDraft, type Draft, type Message } from '../../ui/src/features/chat/types.ts';

const who = { route: 'p/m', credential: 'home', tier: 'free' };
const frame = (event: string | null, data: unknown): string =>
  `${event === null ? '' : `event: ${event}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const delta = (content: string): string => frame(null, { choices: [{ delta: { content }, finish_reason: null }] });
const receipt = frame('receipt', {
  ...who,
  request_id: 'req_1',
  attempts: [],
  wait_ms: 0,
  duration_ms: 12,
  input_tokens: 3,
  output_tokens: 4,
  cost_usd: 0,
  list_cost_usd: 0.1,
  rescues: 0,
  outcome: 'ok',
});
const whole = [delta('Hello '), delta('world'), receipt, frame(null, '[DONE]')];

type Script = readonly string[] | ApiError | { readonly held: Promise<void> };

/** A stream whose end is far away, until it is told to go on. */
function createHeld(): { readonly script: Script; readonly goOn: () => void } {
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  return { script: { held }, goOn };
}

/** Windows of one browser, in one process. */
function createBrowser(): () => Elsewhere & { readonly close: () => void } {
  const windows: { hear: (word: Word) => void; readonly held: string[] }[] = [];
  const isHeld = (chatId: string): boolean => windows.some(({ held }) => held.includes(chatId));
  const waiting = new Set<() => void>();
  const free = (): void => {
    for (const check of waiting) check();
  };
  return () => {
    const own = { hear: (): void => undefined, held: [] } as (typeof windows)[number];
    windows.push(own);
    return {
      tell: (about, chatId) => {
        for (const window of windows) if (window !== own) window.hear({ about, chatId });
      },
      listen: (listener) => {
        own.hear = listener;
      },
      hold: (chatId) => {
        own.held.push(chatId);
        return () => {
          own.held.splice(own.held.indexOf(chatId), 1);
          free();
        };
      },
      isHeld: (chatId) => Promise.resolve(isHeld(chatId)),
      whenFree: (chatId) =>
        new Promise((resolve) => {
          const check = (): void => {
            if (!isHeld(chatId)) resolve();
          };
          waiting.add(check);
        }),
      inTurn: (work) => work(),
      close: () => {
        windows.splice(windows.indexOf(own), 1);
        free();
      },
    };
  };
}

function createWorld(...scripts: Script[]) {
  const asked: ApiRequest[] = [];
  const api: Api = {
    open: (request) => {
      asked.push(request);
      const script = scripts.shift() ?? whole;
      if (script instanceof ApiError) return Promise.reject(script);
      // Bytes arrive as they please.
      const held = 'held' in script ? script.held : Promise.resolve();
      const bytes = new TextEncoder().encode(('held' in script ? whole : script).join(''));
      const body = new ReadableStream<Uint8Array>({
        start: async (out) => {
          await held;
          if (request.signal?.aborted) return out.error(new DOMException('No longer wanted.', 'AbortError'));
          for (let at = 0; at < bytes.length; at += 7) out.enqueue(bytes.slice(at, at + 7));
          out.close();
        },
      });
      return Promise.resolve(new Response(body));
    },
    call: () => Promise.reject(new Error('not asked here')),
    useKey: () => undefined,
    onSignedOut: () => () => undefined,
  };
  const kept = new Map<string, StoredChat>();
  const drafts = new Map<string, Draft>();
  const disk = { full: false };
  const archive: Archive = {
    list: () => Promise.resolve([...kept.values()].map(({ chat }) => chat)),
    read: (id) => Promise.resolve(kept.get(id) ?? null),
    readAll: () => Promise.resolve([...kept.values()]),
    write: (chat, messages) => {
      if (disk.full) return Promise.reject(new DOMException('No room.', 'QuotaExceededError'));
      const known = new Map((kept.get(chat.id)?.messages ?? []).map((one) => [one.id, one]));
      for (const one of messages) known.set(one.id, one);
      kept.set(chat.id, { chat, messages: [...known.values()] });
      return Promise.resolve();
    },
    remove: (id) => {
      const gone = [...drafts].filter(([key]) => key.split('/')[0] === id);
      for (const [key] of [[id], ...gone]) [kept, drafts].forEach((all) => all.delete(key));
      return Promise.resolve(gone);
    },
    clear: () => Promise.resolve(kept.clear()),
    search: () => Promise.resolve(new Set<string>()),
    readDraft: (id) => Promise.resolve(drafts.get(id) ?? emptyDraft),
    writeDraft: (id, draft) => Promise.resolve(void drafts.set(id, draft)),
    leaveDraft: (id, draft) => Promise.resolve(void drafts.set(id, draft)),
  };
  let count = 0;
  const openWindow = createBrowser();
  const createEngine = (elsewhere: Elsewhere = openWindow()): ChatEngine =>
    new ChatEngine({
      api,
      archive,
      elsewhere,
      now: () => ++count,
      newId: () => `id${String(++count)}`,
      gather: () => Promise.resolve(),
    });
  const engine = createEngine();
  const begin = async (temporary = false): Promise<string> => {
    const { id } = engine.create({ model: 'auto', policy: 'free_first', temporary });
    await engine.send(id, { text: 'Hi', attachments: [] });
    return id;
  };
  const last = (id: string): Message => engine.view(id)!.messages.at(-1)!;
  return { engine, createEngine, openWindow, asked, kept, disk, begin, last };
}

it('an answer is shown and kept with its receipt, and the chat is named after its first words', async () => {
  const { begin, last, kept, asked } = createWorld();
  const id = await begin();
  expect(last(id)).toMatchObject({ text: 'Hello world', state: 'done', receipt: { credential: 'home' } });
  expect(kept.get(id)?.chat.title).toBe('Hi');
  expect(kept.get(id)?.messages).toHaveLength(2);
  expect(asked[0]?.headers).toEqual({ 'x-freeway-events': '1' });
});

it('a temporary chat is kept nowhere', async () => {
  const { begin, last, kept } = createWorld();
  expect(last(await begin(true)).text).toBe('Hello world');
  expect(kept.size).toBe(0);
});

it('a stream that ends early leaves what came, and the rest is joined to it', async () => {
  const { engine, begin, last } = createWorld(
    [delta('Once upon a time there')],
    [delta('upon a time there was an end'), receipt, frame(null, '[DONE]')],
  );
  const id = await begin();
  expect(last(id)).toMatchObject({ state: 'broken', text: 'Once upon a time there', error: { code: 'broke_off' } });
  await engine.continue(id, last(id).id);
  expect(last(id)).toMatchObject({ state: 'done', text: 'Once upon a time there was an end' });
});

it('an error inside the stream is told as one, and the retry takes its place', async () => {
  const error = { error: { message: 'None left.', code: 'exhausted', earliest_reset: '2026-11-21T10:00:00.000Z' } };
  const { engine, begin, last } = createWorld([
    frame('attempt', { ...who, failure: 'rate_limited', status: 429, ms: 3, message: null }),
    frame(null, error),
  ]);
  const id = await begin();
  expect(last(id)).toMatchObject({
    state: 'failed',
    attempts: [{ failure: 'rate_limited' }],
    error: { code: 'exhausted', retryAtMs: Date.UTC(2026, 10, 21, 10) },
  });
  await engine.retry(id, last(id).id);
  expect(last(id)).toMatchObject({ state: 'done', text: 'Hello world', error: null, attempts: [] });
  expect(engine.view(id)?.messages).toHaveLength(2);
});

it.each([
  ['offline', 'queued'],
  ['unauthenticated', 'failed'],
])('what failed as %s is %s, and goes out when that is over', async (code, state) => {
  const { engine, begin, last } = createWorld(new ApiError(code, 'No.'));
  const id = await begin();
  expect(last(id).state).toBe(state);
  await engine.retryAll('something else');
  expect(last(id).state).toBe(state === 'queued' ? 'done' : state);
  await engine.retryAll(code);
  expect(last(id)).toMatchObject({ state: 'done', text: 'Hello world' });
});

it('what is sent while an answer is under way waits for its turn', async () => {
  const { engine, asked } = createWorld();
  const { id } = engine.create({ model: 'auto', policy: 'free_first', temporary: false });
  const first = engine.send(id, { text: 'One', attachments: [] });
  while (engine.view(id)?.busyId === null) await Promise.resolve();
  await engine.send(id, { text: 'Two', attachments: [] });
  expect(engine.view(id)?.next?.text).toBe('Two');
  await first;
  expect(asked).toHaveLength(2);
  expect(engine.view(id)?.messages.map(({ text }) => text)).toEqual(['One', 'Hello world', 'Two', 'Hello world']);
});

it('all that is sent while an answer is under way waits, and is there again after a reload', async () => {
  const { script, goOn } = createHeld();
  const { createEngine, openWindow, asked } = createWorld(script);
  const window = openWindow();
  const engine = createEngine(window);
  const { id } = engine.create({ model: 'auto', policy: 'free_first', temporary: false });
  const first = engine.send(id, { text: 'One', attachments: [] });
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await engine.send(id, { text: 'Two', attachments: [] });
  await engine.send(id, { text: 'Three', attachments: [] });
  window.close();
  expect((await createEngine().open(id))?.next?.text).toBe('Two\n\nThree');
  goOn();
  await first;
  expect(engine.view(id)?.messages.map(({ text }) => text)).toEqual([
    'One',
    'Hello world',
    'Two\n\nThree',
    'Hello world',
  ]);
  expect((await createEngine().open(id))?.next).toBeNull();
});

it('what is taken back is not there after a reload', async () => {
  const { script, goOn } = createHeld();
  const { engine, createEngine, asked } = createWorld(script);
  const { id } = engine.create({ model: 'auto', policy: 'free_first', temporary: false });
  const first = engine.send(id, { text: 'One', attachments: [] });
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await engine.send(id, { text: 'Two', attachments: [] });
  expect(engine.unqueue(id).text).toBe('Two');
  expect((await createEngine().open(id))?.next).toBeNull();
  goOn();
  await first;
});

it('what waited when an answer was stopped goes out before what is said after it, or at once when it is asked for', async () => {
  for (const [said, sent] of [
    ['Three', 'Two\n\nThree'],
    ['', 'Two'],
  ] as const) {
    const { script, goOn } = createHeld();
    const { engine, asked } = createWorld(script);
    const { id } = engine.create({ model: 'auto', policy: 'free_first', temporary: false });
    const first = engine.send(id, { text: 'One', attachments: [] });
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    await engine.send(id, { text: 'Two', attachments: [] });
    engine.stop(id);
    goOn();
    await first;
    expect(asked).toHaveLength(1);
    await engine.send(id, { text: said, attachments: [] });
    expect(engine.view(id)?.next).toBeNull();
    expect(engine.view(id)?.messages.flatMap(({ role, text }) => (role === 'user' ? [text] : []))).toEqual([
      'One',
      sent,
    ]);
    expect(asked).toHaveLength(2);
  }
});

it('a changed message goes out alone; what waits, waits on', async () => {
  const { script, goOn } = createHeld();
  const { engine, asked } = createWorld(script);
  const { id } = engine.create({ model: 'auto', policy: 'free_first', temporary: false });
  const first = engine.send(id, { text: 'One', attachments: [] });
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await engine.send(id, { text: 'Two', attachments: [] });
  engine.stop(id);
  goOn();
  await first;
  await engine.send(id, { text: 'Changed', attachments: [] }, null);
  expect(engine.view(id)?.messages.flatMap(({ role, text }) => (role === 'user' ? [text] : []))).toEqual([
    'One',
    'Changed',
    'Two',
  ]);
});

it('a chat that is renamed while an answer is under way keeps its name', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const { script, goOn } = createHeld();
    const { engine, asked, kept } = createWorld(script);
    const { id } = engine.create({ model: 'auto', policy: 'free_first', temporary: false });
    const answered = engine.send(id, { text: 'Hi', attachments: [] });
    while (asked.length === 0) await Promise.resolve();
    await engine.change(id, { title: 'Mine', named: true });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(kept.get(id)?.chat.title).toBe('Mine');
    goOn();
    await answered;
  } finally {
    vi.useRealTimers();
  }
});

it('without room on the device it answers all the same, says so, and keeps all once there is room', async () => {
  const { engine, begin, last, kept, disk } = createWorld();
  disk.full = true;
  const id = await begin();
  expect(last(id)).toMatchObject({ text: 'Hello world', state: 'done' });
  expect(engine.view(id)?.kept).toBe(false);
  disk.full = false;
  await engine.send(id, { text: 'More', attachments: [] });
  expect(engine.view(id)?.kept).toBe(true);
  expect(kept.get(id)?.messages).toHaveLength(4);
});

it('an answer under way when its page was closed has broken off', async () => {
  const { engine, begin, kept, last } = createWorld();
  const id = await begin();
  const stored = kept.get(id)!;
  await engine.restore([
    { chat: stored.chat, messages: stored.messages.map((one) => ({ ...one, state: 'streaming' as const })) },
  ]);
  await engine.open(id);
  expect(last(id).state).toBe('broken');
});

it('a removed chat can be brought back', async () => {
  const { engine, begin, kept } = createWorld();
  const id = await begin();
  const removed = await engine.remove(id);
  expect(kept.size).toBe(0);
  await engine.restore([removed!]);
  expect(kept.get(id)?.messages).toHaveLength(2);
});

/** Two windows with the same chat, in which the first one is being answered. */
async function openTwice() {
  const { script, goOn } = createHeld();
  const world = createWorld(script);
  const window = world.openWindow();
  const [here, there] = [world.createEngine(window), world.createEngine()];
  const { id } = here.create({ model: 'auto', policy: 'free_first', temporary: false });
  const answered = here.send(id, { text: 'One', attachments: [] });
  while (world.asked.length === 0) await Promise.resolve();
  await there.open(id);
  const texts = (engine: ChatEngine): string[] => toPath(engine.view(id)!.messages, engine.view(id)!.chat.leafId).map(({ text }) => text); // prettier-ignore
  return { ...world, window, here, there, id, goOn, answered, texts };
}

it('an answer under way in another window is no broken one, and what is sent meanwhile goes out behind it', async () => {
  const { here, there, id, goOn, answered, texts, asked } = await openTwice();
  expect(there.view(id)?.messages.at(-1)?.state).toBe('streaming');
  await there.send(id, { text: 'Two', attachments: [] });
  goOn();
  await answered;
  const all = ['One', 'Hello world', 'Two', 'Hello world'];
  await vi.waitFor(() => expect([texts(here), texts(there)]).toEqual([all, all]));
  expect(asked).toHaveLength(2);
  await there.change(id, { title: 'Renamed' });
  await vi.waitFor(() => expect(here.view(id)?.chat.title).toBe('Renamed'));
});

it('an answer is stopped from another window', async () => {
  const { here, there, id, goOn, answered } = await openTwice();
  there.stop(id);
  goOn();
  await answered;
  expect(here.view(id)?.messages.at(-1)?.state).toBe('stopped');
  await vi.waitFor(() => expect(there.view(id)?.messages.at(-1)?.state).toBe('stopped'));
});

it('an answer whose window is closed has broken off for the others', async () => {
  const { there, id, window } = await openTwice();
  window.close();
  await vi.waitFor(() => expect(there.view(id)).toMatchObject({ busyId: null }));
  expect(there.view(id)?.messages.at(-1)?.state).toBe('broken');
});

it('a chat that is removed in another window ends here too, and is not written again', async () => {
  const { here, there, id, goOn, answered, kept } = await openTwice();
  await there.remove(id);
  goOn();
  await answered;
  expect(here.view(id)).toBeNull();
  expect(kept.size).toBe(0);
});
