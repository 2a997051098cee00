// Access tokens of Google for a service account: a signed statement is exchanged at the account's token endpoint.
import { createSign } from 'node:crypto';
import { isRecord, parseJson, toText } from '../wire/json.ts';
import { askForToken } from './authorize-tokens.ts';
import { SigningError, type SignerMeans, type Token } from './authorize.ts';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const TOKEN_URL = 'https://oauth2.googleapis.com/token';
const VALID_SECONDS = 3_600;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The token of the service account whose key file this is, from the endpoint that it names. Rejects with SigningError. */
export async function fetchGoogleToken(
  { key, publicOnly }: { key: string; publicOnly: boolean },
  means: SignerMeans,
): Promise<Token> {
  const file = parseJson(key);
  const account = isRecord(file) ? file : {};
  const [email, privateKey] = [toText(account['client_email']), toText(account['private_key'])];
  if (email === null || privateKey === null)
    throw new SigningError(
      'The key is not the JSON file of a service account: client_email or private_key is missing.',
    );
  const url = toText(account['token_uri']) ?? TOKEN_URL;
  const nowSeconds = Math.floor(means.clock.now() / 1000);
  const claims = { iss: email, scope: SCOPE, aud: url, iat: nowSeconds, exp: nowSeconds + VALID_SECONDS };
  const kid = toText(account['private_key_id']);
  const said = `${encode({ alg: 'RS256', typ: 'JWT', ...(kid === null ? {} : { kid }) })}.${encode(claims)}`;
  let signature: string;
  try {
    signature = createSign('RSA-SHA256').update(said).sign(privateKey, 'base64url');
  } catch {
    throw new SigningError('The private key of the service account can not be read. Download its key file again.');
  }
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${said}.${signature}` };
  return askForToken({ who: 'Google', url, form, publicOnly }, means);
}
