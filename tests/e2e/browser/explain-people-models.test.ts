// Explain, people, models and limits: what a request would meet, who may sign in, how limits stand; by keyboard, and as the server tells it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OWNER_KEY } from '../local.ts';
import { findAxeFaults, openRig, type Rig } from './rig.ts';

const facts = { size: 'large', context: 131_072, maxOutput: 8_192 };

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([
    {
      spec: { name: 'alpha', models: [{ id: 'm1' }, { id: 'plain' }] },
      entry: {
        models: [
          { id: 'm1', ...facts, capabilities: ['tools'] },
          { id: 'plain', ...facts, capabilities: [] },
        ],
        pools: [{ models: ['*'], unit: 'requests', max: 7, clock: { kind: 'rolling', seconds: 60 } }],
      },
    },
  ]);
});
afterAll(() => rig.close());

it('explain: who would be asked, and why the others would not, without asking anybody', async () => {
  const page = await rig.openPage('/explain');
  await page.getByRole('switch', { name: 'Offers tools' }).check();
  await page.getByRole('textbox', { name: 'Request' }).fill('');
  await page.keyboard.press('Control+Enter');
  await page.getByText('Type a request first.').waitFor();
  await page.getByRole('textbox', { name: 'Request' }).fill('Write a function in Rust');
  await page.keyboard.press('Control+Enter');
  const plan = page.getByRole('region', { name: 'The plan' });
  await plan.getByText(/\/m1$/).waitFor();
  await expect.poll(() => plan.getByRole('listitem').count()).toBe(1);
  await page.getByText('Coding', { exact: true }).waitFor();
  await page.getByText('Lacks: tools').waitFor();
  await page.locator('summary').first().press('Enter');
  await page.getByText('0 of 7').first().waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  expect(rig.providers[0]?.received()).toEqual([]);
  await page.context().close();
});

it('people: invited, blocked and removed; each stands in the audit', async () => {
  const page = await rig.openPage('/people');
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
  await dialog.getByLabel('Email address').fill('nobody');
  await page.keyboard.press('Enter');
  await dialog.getByText('This is no email address.').waitFor();
  await dialog.getByLabel('Email address').fill('ada@example.com');
  await dialog.getByLabel('Role').selectOption('admin');
  await dialog.getByLabel('Models').fill('auto, a/*');
  await page.keyboard.press('Enter');
  const row = page.getByRole('listitem').filter({ hasText: 'only auto, a/*' });
  await row.getByText('Admin').waitFor();
  await row.getByRole('button', { name: 'Actions for ada@example.com' }).click();
  await page.getByRole('menuitem', { name: 'Block' }).press('Enter');
  await row.getByText('Blocked').waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await row.getByRole('button', { name: 'Actions for ada@example.com' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).press('Enter');
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await row.waitFor({ state: 'detached' });
  await page.getByLabel('Show').selectOption('person_removed');
  const audit = page.getByRole('region', { name: 'Audit' });
  await audit.getByRole('listitem').getByText('ada@example.com').waitFor();
  await expect.poll(() => audit.getByRole('listitem').count()).toBe(1);
  const table = await page.request.get(
    rig.server.url + (await page.getByRole('link', { name: 'Export as table' }).getAttribute('href')),
  );
  expect((await table.text()).trim().split('\n')).toHaveLength(2);
  await page.context().close();
});

it('people: who has a role of a later version keeps it when something else is changed', async () => {
  const page = await rig.openPage('/people');
  const url = `${rig.server.url}/api/people`;
  const headers = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
  const invitation = { email: 'eve@example.com', role: 'admin', models: null, expires_at: null };
  const invited = await fetch(url, { method: 'POST', headers, body: JSON.stringify(invitation) });
  expect(invited.ok, await invited.text()).toBe(true);
  // As the server tells it where the record has a role that it does not know.
  await page.route('**/api/people', async (route) => {
    const reply = await route.fetch();
    await route.fulfill({ response: reply, body: (await reply.text()).replace('"admin"', '"unknown"') });
  });
  await page.reload();
  const row = page.getByRole('listitem').filter({ hasText: 'eve@example.com' });
  await row.getByText('Unknown role').waitFor();
  await row.getByRole('button', { name: 'Actions for eve@example.com' }).click();
  await page.getByRole('menuitem', { name: 'Change' }).press('Enter');
  await page.getByRole('dialog').getByLabel('Models').fill('auto');
  await page.keyboard.press('Enter');
  await row.getByText('only auto').waitFor();
  const { data } = (await (await fetch(url, { headers })).json()) as { data: readonly Record<string, unknown>[] };
  expect(data.find(({ email }) => email === 'eve@example.com')).toMatchObject({ role: 'admin', models: ['auto'] });
  await page.context().close();
});

it('models: how much of each limit is used, found by word', async () => {
  const page = await rig.openPage('/models');
  await page.getByText('2 models').waitFor();
  await page.getByRole('searchbox').fill('plain');
  await page.getByText('1 of 2 models').waitFor();
  await page.locator('summary').press('Enter');
  const meter = page.getByRole('meter', { name: 'Requests a minute' });
  expect(await meter.getAttribute('aria-valuetext')).toBe('0 of 7');
  expect(await findAxeFaults(page)).toEqual([]);
  await page.getByRole('searchbox').fill('zzz');
  await page.getByText('Nothing fits. Try another word.').waitFor();
  await page.context().close();
});

it('people and keys: found by words once they are too many to be looked over', async () => {
  const headers = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
  const post = async (path: string, body: unknown): Promise<void> => {
    const reply = await fetch(`${rig.server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(reply.status).toBe(201);
  };
  for (let at = 1; at <= 12; at++) {
    await post('/api/people', { email: `many${at}@example.com`, role: at === 5 ? 'admin' : 'member' });
    // A word that no key's own letters can hold: those are searched as well, and are anything.
    await post('/api/keys', { name: `Program errand${at}` });
  }
  const page = await rig.openPage('/people');
  const list = page.getByRole('main').getByRole('list').first();
  await page.getByRole('searchbox', { name: 'Find somebody by address or role' }).fill('MANY admin');
  await expect.poll(() => list.getByRole('listitem').count()).toBe(1);
  await list.getByText('many5@example.com').waitFor();
  await page
    .getByRole('status')
    .getByText(/^1 of \d+$/)
    .waitFor();
  await page.getByRole('searchbox').fill('nobody like that');
  await page.getByRole('status').getByText('Nothing fits. Try another word.').waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await page.goto(`${rig.server.url}/keys`);
  await page.getByRole('searchbox', { name: 'Find a key by name, letters or owner' }).fill('program errand12');
  await expect.poll(() => list.getByRole('listitem').count()).toBe(1);
  await list.getByText('Program errand12', { exact: true }).waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await page.context().close();
});
