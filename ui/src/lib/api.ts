// The way to our own server: typed calls that check what comes back, and errors that say what to do next.
import { createContext, use } from 'react';
import * as z from 'zod/mini';
import { defineMessages, pageLanguage } from './messages.ts';

/** What only the page itself can know of a call. Errors outlive what is drawn, so the language is that of the document. */
const messages = defineMessages(
  {
    unreachable: 'The server could not be reached.',
    unreadable: (status: number | null) => `The server answered ${status ?? 'something'} that can’t be read.`,
    unknown: 'The server’s answer is not what this page understands. Reload it.',
  },
  {
    unreachable: 'Der Server ist nicht erreichbar.',
    unreadable: (status) =>
      `Der Server hat etwas geantwortet, das sich nicht lesen lässt${status === null ? '' : ` (${status})`}.`,
    unknown: 'Diese Seite versteht die Antwort des Servers nicht. Lade sie neu.',
  },
);
const words = () => messages[pageLanguage()];

const errorSchema = z.object({
  error: z.object({
    message: z.string(),
    code: z.catch(z.nullable(z.string()), null),
    request_id: z.catch(z.nullable(z.string()), null),
    why: z.optional(z.unknown()),
    earliest_reset: z.catch(z.nullable(z.string()), null),
  }),
});

/** Codes of our own beside the server's: the network failed, or the reply was none of ours. */
export type ApiErrorCode = 'offline' | 'unreachable' | 'bad_reply' | (string & {});

/** A call that failed, in words for the person before the screen. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly status: number | null;
  readonly requestId: string | null;
  /** When trying again makes sense, ms since the epoch; null when unknown. */
  readonly retryAtMs: number | null;
  /** Why, as the server tells it in codes and numbers; absent: it does not. */
  readonly why?: unknown;
  constructor(
    code: ApiErrorCode,
    message: string,
    details: Partial<Pick<ApiError, 'status' | 'requestId' | 'retryAtMs' | 'why'>> = {},
  ) {
    super(message);
    this.code = code;
    this.status = details.status ?? null;
    this.requestId = details.requestId ?? null;
    this.retryAtMs = details.retryAtMs ?? null;
    this.why = details.why;
  }
}

/** Reads an error in our format; anything else is told by its status. */
export function toApiError(body: unknown, status: number | null): ApiError {
  const parsed = errorSchema.safeParse(body);
  if (!parsed.success) return new ApiError('bad_reply', words().unreadable(status), { status });
  const { message, code, request_id: requestId, why, earliest_reset: reset } = parsed.data.error;
  const retryAtMs = reset === null ? null : Date.parse(reset);
  return new ApiError(code ?? 'internal', message, {
    status,
    requestId,
    why,
    retryAtMs: retryAtMs === null || Number.isNaN(retryAtMs) ? null : retryAtMs,
  });
}

export interface ApiRequest {
  readonly path: string;
  /** GET unless there is a body. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  /** Instead of a JSON body: fields and files. */
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Api {
  /** The bare reply, with an ApiError for anything but success. */
  open(request: ApiRequest): Promise<Response>;
  /** The reply's JSON, checked. */
  call<T>(request: ApiRequest & { readonly schema: z.ZodMiniType<T> }): Promise<T>;
  /** Sends this API key with every call; only ever kept in memory. null: the session cookie alone. */
  useKey(key: string | null): void;
  /** Calls the listener when the server no longer knows us. Answers what takes it off again. */
  onSignedOut(listener: () => void): () => void;
}

/** In words of the page's own where the server tells what was refused as a code; the list of words comes with the first. */
async function readError(response: Response): Promise<ApiError> {
  const error = toApiError(await response.json().catch(() => null), response.status);
  if (error.why === undefined) return error;
  const told = await import('./refusals.ts').then(
    ({ tellRefusal }) => tellRefusal(error.why),
    () => null,
  );
  return told === null ? error : new ApiError(error.code, told, error);
}

/** A reply that was asked for before the app was here; null when there is none for this path, or it was taken already. */
export type TakeAhead = (path: string) => Promise<Response> | null;

/** The way to the server that serves this page. */
export function createApi(takeAhead: TakeAhead = () => null): Api {
  let key: string | null = null;
  const listeners = new Set<() => void>();
  const open = async ({ path, method, body, form, headers, signal }: ApiRequest): Promise<Response> => {
    let response: Response;
    try {
      const ahead = method === undefined ? takeAhead(path) : null;
      response = await (ahead ??
        fetch(path, {
          method: method ?? (body === undefined && form === undefined ? 'GET' : 'POST'),
          credentials: 'same-origin',
          headers: {
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...(key === null ? {} : { authorization: `Bearer ${key}` }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          ...(form ? { body: form } : {}),
          ...(signal ? { signal } : {}),
        }));
    } catch (error) {
      if (signal?.aborted) throw error;
      const code = navigator.onLine ? 'unreachable' : 'offline';
      throw new ApiError(code, words().unreachable);
    }
    if (response.ok) return response;
    if (response.status === 401) for (const listener of listeners) listener();
    throw await readError(response);
  };
  return {
    open,
    call: async ({ schema, ...request }) => {
      const response = await open(request);
      const parsed = schema.safeParse(response.status === 204 ? null : await response.json().catch(() => null));
      if (parsed.success) return parsed.data;
      throw new ApiError('bad_reply', words().unknown, { status: response.status });
    },
    useKey: (given) => {
      key = given;
    },
    onSignedOut: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

export const ApiContext = createContext<Api | null>(null);

/** The way to the server. */
export function useApi(): Api {
  const api = use(ApiContext);
  if (api === null) throw new Error('useApi outside of its provider');
  return api;
}
