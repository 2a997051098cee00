// The page of usage where there is much of it: what was used most stands first, under names that people know.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([{ spec: { name: 'alpha', models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 4_000 }] } }]);
});
afterAll(() => rig.close());

it('keys stand by their names, those that asked most first', async () => {
  const page = await rig.openPage('/usage');
  const { url } = rig.server;
  const makeKey = async (name: string): Promise<{ readonly key: string; readonly last4: string }> =>
    (await page.request.post(`${url}/api/keys`, { data: { name }, headers: { origin: url } })).json();
  const [seldom, often] = [await makeKey('Seldom'), await makeKey('Often')];
  for (const { key } of [often, often, seldom])
    await page.request.post(`${url}/v1/chat/completions`, {
      headers: { authorization: `Bearer ${key}`, origin: url },
      data: { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] },
    });
  const countKept = async (): Promise<number> =>
    (await (await page.request.get(`${url}/api/usage`)).json()).total.requests;
  await expect.poll(countKept).toBe(3);
  await page.reload();
  await page.getByRole('combobox', { name: 'By', exact: true }).selectOption('key');
  await expect
    .poll(() => page.getByRole('rowheader').allTextContents())
    .toEqual([`Often (…${often.last4})`, `Seldom (…${seldom.last4})`]);
  await page.context().close();
});
