// Access tokens of Microsoft Entra: for an application with its secret, or for the identity of the machine we run on.
import { askForToken } from './authorize-tokens.ts';
import type { SignerMeans, Token } from './authorize.ts';

/** Where machines ask for tokens of their own identity; no name of it is known outside. */
const MACHINE_URL = 'http://169.254.169.254/metadata/identity/oauth2/token';

/** The token. `key` is `tenant:client:secret`, `managed-identity`, or `managed-identity:client`. Rejects with SigningError. */
export function fetchEntraToken({ key, scope }: { key: string; scope: string }, means: SignerMeans): Promise<Token> {
  const [tenant = '', client = '', ...rest] = key.split(':');
  if (tenant.toLowerCase() === 'managed-identity') {
    const query = new URLSearchParams({
      'api-version': '2018-02-01',
      resource: scope.replace(/\/\.default$/, ''),
      ...(client === '' ? {} : { client_id: client }),
    });
    const headers = { metadata: 'true' };
    return askForToken(
      { who: "The machine's identity service", url: `${MACHINE_URL}?${query}`, headers, form: null },
      means,
    );
  }
  const url = `https://login.microsoftonline.com/${encodeURIComponent(tenant)}/oauth2/v2.0/token`;
  const form = { grant_type: 'client_credentials', client_id: client, client_secret: rest.join(':'), scope };
  return askForToken({ who: 'Microsoft Entra', url, form }, means);
}
