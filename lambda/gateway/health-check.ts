// One health check: asks a credential's provider for its list of models, the one call that is free everywhere, and reads what it says.
import { UpstreamError, VaultError, type Clock, type Upstream } from '../ports.ts';
import { SigningError } from './authorize.ts';
import type { Credential } from './credentials.ts';
import { askAs, parseModelIds, toCall } from './credential-test.ts';

/**
 * - `healthy`: the list came; `models` are the ids in it, `whole` whether it is all of them.
 * - `failed`: an error of the provider, or none of its words at all.
 * - `silent`: it has no list, or doesn't show it to this credential. That says nothing of models.
 */
export type Finding =
  | { readonly outcome: 'healthy'; readonly models: ReadonlySet<string>; readonly whole: boolean }
  | { readonly outcome: 'failed' | 'silent' };

export interface CheckDeps {
  readonly upstream: Upstream;
  readonly clock: Pick<Clock, 'now'>;
}

/** No list takes longer where all is well. */
const PATIENCE_MS = 5_000;
/** Lists in pages say so in one of these ways. */
const MORE_PAGES = /"nextPageToken"\s*:\s*"|"has_more"\s*:\s*true/;

/** Checks one credential. Never spends quota of models; never rejects for what the provider does. */
export async function checkCredential(credential: Credential, deps: CheckDeps): Promise<Finding> {
  // Where every call costs, nobody is asked only to see whether they are well.
  if (credential.provider.discovery === 'once') return { outcome: 'silent' };
  try {
    const times = { headTimeoutMs: PATIENCE_MS, idleTimeoutMs: PATIENCE_MS };
    const { status, body } = await askAs(deps, credential, toCall(credential, '/models', times));
    if (status >= 500 || status === 429) return { outcome: 'failed' };
    const ids = status >= 200 && status <= 299 ? parseModelIds(body) : null;
    if (ids === null || ids.length === 0) return { outcome: 'silent' };
    return { outcome: 'healthy', models: new Set(ids), whole: !MORE_PAGES.test(body) };
  } catch (error) {
    if (error instanceof UpstreamError && error.kind !== 'cancelled') return { outcome: 'failed' };
    // A list without end, or a secret that can't be opened just now: neither is the provider's failure.
    const saysNothing = error instanceof UpstreamError || error instanceof VaultError || error instanceof SigningError;
    if (saysNothing) return { outcome: 'silent' };
    throw error;
  }
}
