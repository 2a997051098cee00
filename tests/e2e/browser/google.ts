// Signing in with Google in the tests' browser: only Google's own widget is a stand-in, which asks a local issuer.
import type { BrowserContext } from 'playwright-core';
import type { Issuer } from '../../people/issuer.ts';
import { GOOGLE } from './rig.ts';

/** What Google's script gives the page: a button that answers with a token for the nonce it was given. */
const widget = `(() => {
  let config;
  const press = async () => {
    const reply = await fetch('${GOOGLE}token?nonce=' + encodeURIComponent(config.nonce));
    config.callback({ credential: await reply.text() });
  };
  window.google = { accounts: { id: {
    initialize: (given) => { config = given; },
    renderButton: (parent) => {
      const button = document.createElement('button');
      button.textContent = 'Sign in with Google';
      button.onclick = press;
      parent.replaceChildren(button);
    },
    prompt: () => {}, cancel: () => {}, disableAutoSelect: () => {},
  } } };
})()`;

/** Who signs in at Google. */
export interface Account {
  email: string;
  /** Put into the token instead of the page's nonce. */
  nonce?: string;
}

/** Has this context sign in as the account, whoever that is by then. */
export async function useGoogle(context: BrowserContext, issuer: Issuer, account: Account): Promise<void> {
  await context.route(`${GOOGLE}client`, (route) => route.fulfill({ contentType: 'text/javascript', body: widget }));
  await context.route(`${GOOGLE}token*`, (route) => {
    const nonce = account.nonce ?? new URL(route.request().url()).searchParams.get('nonce');
    const body = issuer.sign({ claims: { email: account.email, sub: account.email, nonce } });
    return route.fulfill({ body, headers: { 'access-control-allow-origin': '*' } });
  });
}
