// Two people, one browser: what one of them leaves on the device is shown to nobody else, is there again for them, and goes when they want it to.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLIENT_ID, startIssuer, type Issuer } from '../../people/issuer.ts';
import { useGoogle, type Account } from './google.ts';
import { fieldOf, lastAnswer, openRig, readKept, say, type Rig } from './rig.ts';

const ADA = 'ada@example.com';
const EVE = 'eve@example.com';
const talk = { name: 'talk-of-ada.wav', mimeType: 'audio/wav', buffer: Buffer.from('RIFF no sound at all') };

let issuer: Issuer;
let rig: Rig;
beforeAll(async () => {
  issuer = await startIssuer();
  rig = await openRig([{ spec: { name: 'alpha', models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 4_000 }] } }], {
    env: { GOOGLE_CLIENT_ID: CLIENT_ID, GOOGLE_CERTS_URL: issuer.certsUrl, ALLOWED_EMAILS: `${ADA},${EVE}` },
  });
});
afterAll(async () => {
  await rig.close();
  await issuer.close();
});

/** A browser in which people sign in one after the other. */
async function openBrowser(): Promise<{ page: Page; signIn: (email: string) => Promise<void> }> {
  const page = await rig.newPage();
  const account: Account = { email: ADA };
  await useGoogle(page.context(), issuer, account);
  await page.goto(rig.server.url);
  const signIn = async (email: string): Promise<void> => {
    account.email = email;
    await page.getByRole('link', { name: 'Sign in with Google' }).click();
    await page.getByRole('button', { name: 'Sign in with Google' }).click();
    await page.getByRole('button', { name: 'Account' }).waitFor();
  };
  await signIn(ADA);
  return { page, signIn };
}

async function signOut(page: Page, how = 'Sign out'): Promise<void> {
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: how, exact: true }).click();
}

const signInLink = (page: Page) => page.getByRole('link', { name: 'Sign in with Google' });

/** Leaves a chat, a recording and a draft. Answers the chat's address. */
async function leaveThings(page: Page): Promise<string> {
  await say(page, 'Words of Ada');
  await lastAnswer(page);
  const address = page.url();
  await page.getByRole('link', { name: 'Transcribe' }).click();
  await page.getByRole('button', { name: 'Choose a file' }).waitFor();
  await page.locator('input[type=file]').setInputFiles(talk);
  await page.getByText('talk-of-ada.wav').waitFor();
  await page.getByRole('link', { name: 'Chat', exact: true }).click();
  await fieldOf(page).fill('A thought of Ada');
  await page.getByText('Would go to').waitFor();
  return address;
}

it('shows nobody what another one left, and shows it again to them', async () => {
  const { page, signIn } = await openBrowser();
  const address = await leaveThings(page);
  await page.getByRole('link', { name: 'Words of Ada' }).click();
  await page.getByRole('article', { name: 'You' }).waitFor();
  await signOut(page);
  await signInLink(page).waitFor();
  expect(await page.title()).toBe('Freeway');
  await signIn(EVE);
  await page.goto(rig.server.url);
  await page.getByText('Your chats will be listed here').first().waitFor();
  expect(await fieldOf(page).inputValue()).toBe('');
  await page.goto(address);
  await page.getByText('This chat is not on this device').first().waitFor();
  await page.goto(`${rig.server.url}/transcribe`);
  await page.getByRole('button', { name: 'Choose a file' }).waitFor();
  await page.waitForLoadState('networkidle');
  expect(await page.getByText('talk-of-ada').count()).toBe(0);
  await signOut(page);
  await signIn(ADA);
  await page.goto(`${rig.server.url}/transcribe`);
  await page.getByText('talk-of-ada.wav').waitFor();
  await page.goto(address);
  await page.getByRole('article', { name: 'You' }).getByText('Words of Ada').waitFor();
  await page.getByRole('link', { name: 'Chat', exact: true }).click();
  await expect.poll(() => fieldOf(page).inputValue()).toBe('A thought of Ada');
  await page.context().close();
});

/** Sets instructions for all new chats. */
async function instruct(page: Page, text: string): Promise<void> {
  await page.getByRole('button', { name: 'Instructions', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Instructions' });
  await dialog.getByRole('textbox').fill(text);
  await dialog.getByRole('switch').check();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Instructions: in force' }).waitFor();
}

it('somebody else who signs in without a new page gets none of it either', async () => {
  const { page, signIn } = await openBrowser();
  await instruct(page, 'What Ada wishes');
  await say(page, 'Words of Ada');
  await lastAnswer(page);
  const address = page.url();
  await page.context().clearCookies();
  await say(page, 'More words of Ada');
  const dialog = page.getByRole('dialog', { name: 'Your session ended' });
  await dialog.waitFor();
  const beside = await page.context().newPage();
  await beside.goto(`${rig.server.url}/login`);
  await useGoogle(page.context(), issuer, { email: EVE });
  await beside.getByRole('button', { name: 'Sign in with Google' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByText('This chat is not on this device').first().waitFor();
  expect(page.url()).toBe(address);
  await page.getByRole('main').getByRole('button', { name: 'New chat' }).waitFor();
  expect(await page.getByText('words of Ada').count()).toBe(0);
  expect(await page.getByRole('link', { name: 'Words of Ada' }).count()).toBe(0);
  await page.getByRole('main').getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('button', { name: 'Instructions', exact: true }).waitFor();
  expect(await page.getByRole('button', { name: 'Instructions: in force' }).count()).toBe(0);
  await signOut(page);
  await signInLink(beside).waitFor();
  await useGoogle(page.context(), issuer, { email: ADA });
  await signIn(ADA);
  await page.goto(address);
  await page.getByRole('article', { name: 'You' }).getByText('More words of Ada').waitFor();
  await page.context().close();
});

it('deletes what the person left when they say so, and nothing of anybody else', async () => {
  const { page, signIn } = await openBrowser();
  await say(page, 'Words of Ada');
  await lastAnswer(page);
  await signOut(page);
  await signIn(EVE);
  await instruct(page, 'What Eve wishes');
  await leaveThings(page);
  await signOut(page, 'Leave nothing here …');
  const dialog = page.getByRole('dialog', { name: 'Leave nothing here?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('link', { name: 'Words of Ada' }).first().waitFor();
  await signOut(page, 'Leave nothing here …');
  await dialog.getByRole('button', { name: 'Delete and sign out' }).click();
  await signInLink(page).waitFor();
  await expect.poll(() => readKept(page)).not.toContain('thought of Ada');
  expect(await readKept(page)).not.toContain('What Eve wishes');
  expect(await readKept(page)).toContain('Words of Ada');
  await signIn(EVE);
  await page.getByText('Your chats will be listed here').first().waitFor();
  await signOut(page);
  await signIn(ADA);
  await page.getByRole('link', { name: 'Words of Ada' }).waitFor();
  await page.context().close();
});
