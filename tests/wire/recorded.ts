// Reads the recorded provider replies under tests/fixtures/wire.
import { readdirSync, readFileSync } from 'node:fs';
import type { DialectId } from '#shared/catalog.ts';
import { dialectIds } from '#shared/catalog.ts';
import type { HttpReply } from '#lambda/wire/types.ts';

const root = new URL('../fixtures/wire/', import.meta.url);

export interface Recorded {
  readonly name: string;
  readonly dialect: DialectId;
  readonly url: string;
  readonly reply: HttpReply;
}

interface File {
  readonly provider: string;
  readonly request?: { readonly url: string };
  readonly response: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body: unknown;
  };
}

const dialectOf: Readonly<Record<string, DialectId>> = { vertex: 'gemini', xai: 'openai' };

function bodyText({ body }: File['response']): string {
  if (typeof body !== 'string') {
    // Of some reports only the sentence is known.
    const seen = (body as { message_seen?: string }).message_seen;
    return JSON.stringify(seen === undefined ? body : { error: { message: seen } });
  }
  return body;
}

function read(folder: string, name: string): Recorded {
  const file = JSON.parse(readFileSync(new URL(`${folder}/${name}`, root), 'utf8')) as File;
  const provider = folder === 'reported-429' ? (name.split('-')[0] ?? '') : folder;
  const known = dialectIds.find((id) => id === provider);
  return {
    name: `${folder}/${name}`,
    dialect: dialectOf[provider] ?? known ?? 'generic',
    url: file.request?.url ?? '',
    reply: { status: file.response.status, headers: file.response.headers, body: bodyText(file.response) },
  };
}

/** Every recorded reply. */
export const recorded: readonly Recorded[] = readdirSync(root)
  .flatMap((folder) => readdirSync(new URL(`${folder}/`, root)).map((name) => read(folder, name)))
  .sort((left, right) => (left.name < right.name ? -1 : 1));

/** The one recorded reply whose name contains `part`. */
export function recording(part: string): Recorded {
  const found = recorded.filter(({ name }) => name.includes(part));
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} recordings match ${part}`);
  return only;
}

const isStream = ({ reply }: Recorded): boolean => /^(?:: |data: |event: )/.test(reply.body);
const isChat = ({ url, reply }: Recorded): boolean => url.includes('chat/completions') && reply.status === 200;

export const chatStreams = recorded.filter((one) => isChat(one) && isStream(one));
export const chatReplies = recorded.filter((one) => isChat(one) && !isStream(one));
