// The chat's pure parts: the tree of branches, blocks of Markdown, bodies of requests, and joining what was cut.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBlocks } from '../../ui/src/features/chat/blocks.ts';
import { parseExport, toExport, toMarkdown } from '../../ui/src/features/chat/export-chat.ts';
import { joinRest, toChatBody, toContinueBody, toPreviewBody, toSameBody } from '../../ui/src/features/chat/request.ts';
import { toDollars } from '../../ui/src/features/chat/tex-brackets.ts';
import { toLeaf, toPath, toTitle, toVersions } from '../../ui/src/features/chat/tree.ts';
import type { Chat, Message } from '../../ui/src/features/chat/types.ts';

const message = (id: string, parentId: string | null, more: Partial<Message> = {}): Message => ({
  id,
  chatId: 'c',
  parentId,
  role: 'user',
  text: `text of ${id}`,
  reasoning: '',
  attachments: [],
  createdAtMs: Number(/\d+/.exec(id)?.[0] ?? 0),
  state: 'done',
  model: null,
  route: null,
  attempts: [],
  receipt: null,
  firstWordMs: null,
  finish: null,
  error: null,
  ...more,
});
const answer = (id: string, parentId: string, more: Partial<Message> = {}): Message =>
  message(id, parentId, { role: 'assistant', ...more });

const tree = [message('m1', null), answer('m2', 'm1'), answer('m3', 'm1'), message('m4', 'm3'), message('m5', null)];
const ids = (messages: readonly Message[]): string[] => messages.map(({ id }) => id);

describe('the tree', () => {
  it.each([
    ['m4', ['m1', 'm3', 'm4']],
    ['m2', ['m1', 'm2']],
    [null, []],
    ['gone', []],
  ])('the path to %s is %j', (leaf, path) => expect(ids(toPath(tree, leaf))).toEqual(path));

  it('ends with messages that name each other as parents', () => {
    expect(toPath([message('a', 'b'), message('b', 'a')], 'a')).toHaveLength(2);
  });

  it('knows versions and where a branch goes on', () => {
    expect(toVersions(tree).get('m1')).toEqual(['m2', 'm3']);
    expect(toVersions(tree).get(null)).toEqual(['m1', 'm5']);
    expect([toLeaf(tree, 'm1'), toLeaf(tree, 'm2'), toLeaf(tree, 'm5')]).toEqual(['m4', 'm2', 'm5']);
  });

  it.each([
    ['Hello', 'Hello'],
    ['# A *title*\nand more', 'A title and more'],
    [`${'word '.repeat(30)}`, 'word word word word word word word word word…'],
  ])('%j is titled %j', (text, title) => expect(toTitle(text)).toBe(title));
});

describe('maths in TeX’s own brackets', () => {
  it.each([
    ['so \\(a^2\\) is', 'so $$a^2$$ is'],
    ['then\n\\[ x = y \\]\nholds', 'then\n$$\nx = y\n$$\nholds'],
    ['\\[\na \\\\[2pt]\nb\n\\]', '$$\na \\\\[2pt]\nb\n$$'],
    ['one `\\(` and \\(b\\)', 'one `\\(` and $$b$$'],
    ['an open ` and \\(b\\)', 'an open ` and $$b$$'],
    ['so \\[x\\] holds', 'so \n$$\nx\n$$\n holds'],
    ['- one: \\[x\n= y\\]\n- two', '- one: \n  $$\n  x\n  = y\n  $$\n- two'],
    ['1. \\[x\\]', '1. $$\n   x\n   $$'],
    ['> \\[\n> x\n> \\] and', '> $$\n> x\n> $$\n>  and'],
    ['| a \\[x\\] | b |', '| a $$x$$ | b |'],
    ['$$x^2$$', '$$\nx^2\n$$'],
    ['- so\n  $$ x $$', '- so\n  $$\n  x\n  $$'],
    ['$$\\begin{aligned}\na &= b\n\\end{aligned}$$', '$$\n\\begin{aligned}\na &= b\n\\end{aligned}\n$$'],
  ])('%j becomes %j', (text, written) => expect(toDollars(text)).toBe(written));

  it.each([
    'no maths at all',
    '```bash\nfind . \\( -name "*.js" \\) -print\n```',
    '```js\nconst re = /\\[([a-z]+)\\]/g;\n',
    '1. a list:\n\n   ~~~sh\n   sed "s/\\[x\\]/y/"\n   ~~~\n',
    '> ````md\n> ```\n> \\[a\\]\n> ```\n> ````\n',
    'the expression `/\\[(\\d+)\\]/` and ``a ` \\(b\\)``',
    'a bracket \\[ before\n```\n\\] in code\n```',
    '$$\na \\\\[2pt]\nb\n$$',
    'between $$x$$ words, and $$y$$',
    'it costs $$ or $$$, who knows',
    '```sh\n$$x$$\n```',
    '> $$\n> x\n> $$',
  ])('%j stays as it is', (text) => expect(toDollars(text)).toBe(text));

  it('is read quickly in whatever a model writes', () => {
    const startedAtMs = performance.now();
    for (const part of ['\\[ ', '\\( ', '` ', '``` ', '```\n', '\\[ ` ', '$$ ', '$$\n', '\n$$a'])
      toDollars(`\\[${part.repeat(5_000)}`);
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  });
});

describe('blocks', () => {
  it.each([
    ['one\n\ntwo', 2],
    ['```js\na\n\nb\n```\n\nafter', 2],
    ['````md\n```\n\n```\n````\n\nafter', 2],
    ['- one\n\n- two\n\n  more\n\nafter', 2],
    ['$$\na\n\nb\n$$\n\nafter', 2],
    ['```\nnever closed\n\nstill code', 1],
  ])('%j has %i', (text, count) => expect(toBlocks(text)).toHaveLength(count));

  it('joined they are the text, and all but the last stay as they are while it grows', () => {
    const part = fc.constantFrom(
      'word ',
      '\n',
      '\n\n',
      '```',
      '```js\n',
      '- item',
      '$$\n',
      '  indented',
      '1. one',
      '| a |',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), fc.array(part, { maxLength: 10 }), (parts, more) => {
        const text = parts.join('');
        const blocks = toBlocks(text);
        expect(blocks.join('')).toBe(text);
        const grown = toBlocks(text + more.join(''));
        expect(grown.slice(0, Math.max(0, blocks.length - 1))).toEqual(blocks.slice(0, -1));
      }),
    );
  });
});

describe('requests', () => {
  const image = { id: 'a', kind: 'image', name: 'dot.png', bytes: 4, data: 'data:image/png;base64,AAAA' } as const;
  const note = { id: 'b', kind: 'text', name: 'note.txt', bytes: 4, data: 'noted' } as const;
  const path = [message('m1', null, { attachments: [image, note], text: 'Look' }), answer('m2', 'm1', { text: '' })];

  it('carry files as parts, and no empty answers', () => {
    expect(toChatBody(path, { model: 'auto', policy: 'free_first' })).toEqual({
      model: 'auto',
      stream: true,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: image.data } },
            { type: 'text', text: 'File note.txt:\n\nnoted' },
            { type: 'text', text: 'Look' },
          ],
        },
      ],
    });
  });

  it.each([
    ['only_free', 'auto', { model: 'auto', freeway: { tier: 'free' } }],
    ['best', 'auto', { model: 'auto:large' }],
    ['best', 'm1', { model: 'm1' }],
    ['free_first', 'm1', { model: 'm1' }],
  ] as const)('%s with %s is %j', (policy, model, expected) => {
    const { messages, stream, ...controls } = toChatBody(path, { model, policy });
    expect([controls, messages.length, stream]).toEqual([expected, 1, true]);
  });

  it('carry the bound on cost, unless nothing is paid anyway', () => {
    const wish = { model: 'auto', maxCostUsd: 0.01 };
    expect(toChatBody(path, { ...wish, policy: 'free_first' })).toMatchObject({ freeway: { max_cost_usd: 0.01 } });
    expect(toChatBody(path, { ...wish, policy: 'only_free' }).freeway).toEqual({ tier: 'free' });
  });

  it('carry the instructions of the chat before everything else, and none where there are none', () => {
    const wish = { model: 'auto', policy: 'free_first', instructions: 'Be brief.' } as const;
    const system = { role: 'system', content: 'Be brief.' };
    const [question] = path;
    for (const { messages } of [
      toChatBody(path, wish),
      toContinueBody(path, wish),
      toPreviewBody([], question!, wish),
    ]) {
      expect(messages[0]).toEqual(system);
      expect(messages.filter(({ role }) => role === 'system')).toHaveLength(1);
    }
    expect(toChatBody(path, { ...wish, instructions: ' ' }).messages[0]?.role).toBe('user');
  });

  it('that ask again where a question would go ask nothing once it is gone', () => {
    const chat = { model: 'auto', policy: 'only_free' } as Chat;
    const messages = [message('m1', null, { text: 'Hi' }), answer('m2', 'm1', { model: 'auto:large' })];
    expect(toSameBody({ chat, messages }, messages[1]!)).toEqual({
      model: 'auto:large',
      freeway: { tier: 'free' },
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect(toSameBody({ chat, messages: [] }, messages[1]!)).toBeNull();
  });

  it('that only ask where to go carry no image', () => {
    expect(JSON.stringify(toPreviewBody([], path[0]!, { model: 'auto', policy: 'best' }))).not.toContain(image.data);
  });

  it('for the rest end with the answer so far and the wish to go on', () => {
    const half = [message('m1', null), answer('m2', 'm1', { text: 'Once upon' })];
    const { messages } = toContinueBody(half, { model: 'auto', policy: 'best' });
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  it.each([
    ['Once upon a time', ' there was', 'Once upon a time there was'],
    ['Once upon a time there', 'upon a time there was', 'Once upon a time there was'],
    ['the end', 'end', 'the endend'],
    ['', 'all', 'all'],
  ])('%j and %j join to %j', (before, rest, whole) => expect(joinRest(before, rest)).toBe(whole));
});

describe('files', () => {
  const chat: Chat = {
    id: 'c',
    title: 'Chat',
    named: false,
    createdAtMs: 1,
    updatedAtMs: 2,
    leafId: 'm4',
    model: 'auto',
    policy: 'best',
    temporary: false,
  };
  it('hold every branch, and are read again', () => {
    const stored = [{ chat, messages: tree }];
    expect(parseExport(toExport(stored))).toEqual(stored);
  });
  it.each(['', 'no json', '{}', '{"format":"freeway.chats.1","chats":[{}]}'])('%j is none', (text) =>
    expect(parseExport(text)).toBeNull(),
  );
  it('as Markdown hold the branch that is shown', () => {
    const text = toMarkdown({ chat, messages: tree });
    expect(text).toContain('text of m4');
    expect(text).not.toContain('text of m2');
  });
});
