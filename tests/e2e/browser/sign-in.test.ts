// Sign-in with Google in a browser: the real library, policy, verification and whitelist; only Google's own widget is a stand-in.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalAnswer } from '../../fakes/provider/answer.ts';
import { CLIENT_ID, startIssuer, type Issuer } from '../../people/issuer.ts';
import { OWNER_KEY } from '../local.ts';
import { useGoogle, type Account } from './google.ts';
import { fieldOf, findAxeFaults, GOOGLE, lastAnswer, openRig, say, type Rig } from './rig.ts';

let issuer: Issuer;
let rig: Rig;
beforeAll(async () => {
  issuer = await startIssuer();
  rig = await openRig([{ spec: { name: 'alpha', models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 4_000 }] } }], {
    env: {
      GOOGLE_CLIENT_ID: CLIENT_ID,
      GOOGLE_CERTS_URL: issuer.certsUrl,
      ALLOWED_EMAILS: 'ada@example.com,eve@example.com',
      ADMIN_EMAILS: 'root@example.com',
    },
  });
});
afterAll(async () => {
  await rig.close();
  await issuer.close();
});

async function openLogin(account: Account, path = '/'): Promise<Page> {
  const page = await rig.newPage();
  await useGoogle(page.context(), issuer, account);
  await page.goto(`${rig.server.url}${path}`);
  await page.getByRole('link', { name: 'Sign in with Google' }).click();
  await page.getByRole('button', { name: 'Sign in with Google' }).waitFor();
  return page;
}

it('lets the invited in, and back to where they wanted to go', async () => {
  const page = await openLogin({ email: 'ada@example.com' });
  expect(await findAxeFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Sign in with Google' }).click();
  await say(page, 'Hello');
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByText('ada@example.com').waitFor();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in with Google' }).waitFor();
  await page.context().close();
});

it('leads to all of the address that somebody came with', async () => {
  const page = await openLogin({ email: 'ada@example.com' }, '/usage?range=7d');
  await page.getByRole('button', { name: 'Sign in with Google' }).click();
  await page.getByRole('heading', { name: 'Usage' }).waitFor();
  expect(page.url()).toBe(`${rig.server.url}/usage?range=7d`);
  await page.context().close();
});

it('tells those who are not invited so, and gives them no session', async () => {
  const page = await openLogin({ email: 'mallory@example.com' });
  await page.getByRole('button', { name: 'Sign in with Google' }).click();
  await page.getByRole('alert').filter({ hasText: 'mallory@example.com' }).waitFor();
  expect(await page.context().cookies()).toEqual([]);
  expect(await findAxeFaults(page)).toEqual([]);
  await page.context().close();
});

it('recovers from a nonce that is not good any more', async () => {
  const account: Account = { email: 'ada@example.com', nonce: 'of yesterday' };
  const page = await openLogin(account);
  await page.getByRole('button', { name: 'Sign in with Google' }).click();
  await expect.poll(() => page.getByRole('alert').textContent()).not.toBe('');
  delete account.nonce;
  await page.getByRole('button', { name: 'Sign in with Google' }).click();
  await fieldOf(page).waitFor();
  await page.context().close();
});

it('a session that ended is taken up in a window beside the page, and what was sent goes out', async () => {
  const page = await openLogin({ email: 'ada@example.com' });
  await page.getByRole('button', { name: 'Sign in with Google' }).click();
  await fieldOf(page).waitFor();
  await page.context().clearCookies();
  await say(page, 'Hello');
  const dialog = page.getByRole('dialog', { name: 'Your session ended' });
  const beside = page.context().waitForEvent('page');
  await dialog.getByRole('button', { name: 'Sign in again' }).click();
  await (await beside).getByRole('button', { name: 'Sign in with Google' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  await page.context().close();
});

it('somebody else who signs in over an ended session sees and sends nothing of the one before', async () => {
  const account: Account = { email: 'ada@example.com' };
  const page = await openLogin(account);
  await page.getByRole('button', { name: 'Sign in with Google' }).click();
  await page.getByRole('link', { name: 'API keys' }).click();
  await page.getByRole('button', { name: 'Create key' }).first().click();
  await page.getByRole('dialog').getByLabel('Name').fill('Program of Ada');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('Program of Ada').waitFor();
  await page.getByRole('link', { name: 'Chat', exact: true }).click();
  const before = rig.providers[0]?.books().total().accepted;
  await page.context().clearCookies();
  await say(page, 'Words of Ada');
  account.email = 'eve@example.com';
  const beside = page.context().waitForEvent('page');
  const dialog = page.getByRole('dialog', { name: 'Your session ended' });
  await dialog.getByRole('button', { name: 'Sign in again' }).click();
  await (await beside).getByRole('button', { name: 'Sign in with Google' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('link', { name: 'API keys' }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle');
  expect(await page.getByText('Program of Ada').count()).toBe(0);
  expect(rig.providers[0]?.books().total().accepted).toBe(before);
  await page.context().close();
});

it('an admin sees whose each key is; everybody else sees their own alone', async () => {
  const make = async (page: Page, name: string): Promise<void> => {
    await page.getByRole('button', { name: 'Sign in with Google' }).click();
    await page.getByRole('heading', { level: 1, name: 'API keys' }).waitFor();
    await page.getByRole('button', { name: 'Create key' }).first().click();
    await page.getByRole('dialog').getByLabel('Name').fill(name);
    await page.getByText('Limits and rights').click();
    await page.getByRole('dialog').getByLabel('US dollars a month').fill('5');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('button', { name: 'Done' }).click();
    const own = page.getByRole('listitem').filter({ hasText: name });
    await own.getByText('$5.00 of $5.00 left this month').waitFor();
    expect(await own.getByText('@example.com').count()).toBe(0);
  };
  const hers = await openLogin({ email: 'eve@example.com' }, '/keys');
  await make(hers, 'Of Eve');
  const page = await openLogin({ email: 'root@example.com' }, '/keys');
  await make(page, 'Of the admin');
  await page.getByRole('listitem').filter({ hasText: 'Of Eve' }).getByText('eve@example.com').waitFor();
  await hers.reload();
  await hers.getByText('Of Eve').waitFor();
  expect(await hers.getByText('Of the admin').count()).toBe(0);
  await hers.context().close();
  await page.context().close();
});

it('who is taken off the list is out within seconds, and told so', async () => {
  const asOwner = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
  const invited = await fetch(`${rig.server.url}/api/people`, {
    method: 'POST',
    headers: asOwner,
    body: JSON.stringify({ email: 'bob@example.com' }),
  });
  const { id } = (await invited.json()) as { id: string };
  const page = await openLogin({ email: 'bob@example.com' });
  await page.getByRole('button', { name: 'Sign in with Google' }).click();
  await fieldOf(page).fill('What I was writing');
  await page.getByText('Would go to').waitFor();
  const removed = await fetch(`${rig.server.url}/api/people/${id}`, { method: 'DELETE', headers: asOwner });
  expect(removed.ok).toBe(true);
  const models = async (): Promise<number> => (await page.request.get(`${rig.server.url}/v1/models`)).status();
  await expect.poll(models).toBe(401);
  await fieldOf(page).press('Enter');
  await page.getByRole('dialog', { name: 'Your session ended' }).waitFor();
  await page.locator('article').getByText('What I was writing').waitFor();
  await page.context().close();
});

it('says so when Google can not be reached', async () => {
  const page = await rig.newPage();
  await page.context().route(`${GOOGLE}client`, (route) => route.abort());
  await page.goto(`${rig.server.url}/login`);
  await page.getByRole('alert').filter({ hasText: 'could not be loaded' }).waitFor();
  await page.context().close();
});
