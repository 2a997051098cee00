// Asks a token endpoint for an access token.
import { UpstreamError, type UpstreamCall } from '../ports.ts';
import { isRecord, parseJson, toAmount, toText } from '../wire/json.ts';
import { askWhole } from './ask-whole.ts';
import { SigningError, type SignerMeans, type Token } from './authorize.ts';

const PATIENCE_MS = 10_000;
/** Where the endpoint names no end. */
const USUAL_SECONDS = 3_600;

export interface TokenRequest {
  /** Who is asked, in words for errors. */
  readonly who: string;
  readonly url: string;
  readonly headers?: UpstreamCall['headers'];
  /** Form fields; null asks by GET. */
  readonly form: Readonly<Record<string, string>> | null;
  /** The address comes from somebody who may only name public ones. */
  readonly publicOnly?: boolean;
}

/** The token. Rejects with SigningError; what the endpoint answered is told by its error code only. */
export async function askForToken(request: TokenRequest, means: SignerMeans): Promise<Token> {
  const { who, url, headers = {}, form, publicOnly = false } = request;
  const call: UpstreamCall = {
    method: form === null ? 'GET' : 'POST',
    url,
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: form === null ? null : new URLSearchParams(form).toString(),
    headTimeoutMs: PATIENCE_MS,
    idleTimeoutMs: PATIENCE_MS,
    publicOnly,
  };
  const askedAtMs = means.clock.now();
  const reply = await askWhole(means.upstream, call).catch((error: unknown) => {
    throw new SigningError(
      `${who} could not be reached for a token (${error instanceof UpstreamError ? error.kind : 'unknown'}).`,
    );
  });
  const body = parseJson(reply.body);
  const document = isRecord(body) ? body : {};
  const text = toText(document['access_token']);
  if (text === null) {
    const code = toText(document['error']) ?? `status ${reply.status}`;
    throw new SigningError(`${who} gave no token: ${code.slice(0, 60)}. Check the key.`);
  }
  const seconds = toAmount(Number(document['expires_in'])) ?? USUAL_SECONDS;
  return { text, endsAtMs: askedAtMs + seconds * 1000 };
}
