// The page of rollouts: an experiment set by keyboard, compared, and taken back; flags, endpoints and agents.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OWNER_KEY } from '../local.ts';
import { findAxeFaults, openRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([
    {
      spec: {
        name: 'alpha',
        models: [
          { id: 'm1', ttftMs: 5 },
          { id: 'm2', ttftMs: 5 },
        ],
      },
      entry: { models: [{ id: 'm1' }, { id: 'm2' }] },
    },
  ]);
});
afterAll(() => rig.close());

const chat = async (): Promise<string | null> => {
  const reply = await fetch(`${rig.server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm1', messages: [{ role: 'user', content: 'hello' }] }),
  });
  await reply.text();
  return reply.headers.get('x-freeway-experiment');
};

it('an experiment is set, in force, compared and removed', async () => {
  const page = await rig.openPage('/rollout');
  const section = page.getByRole('region', { name: 'Experiments' });
  await section.getByText('No experiment yet.').waitFor();
  await section.getByRole('button', { name: 'Add' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Experiment' });
  await dialog.getByLabel('Name').fill('Try M2');
  await page.keyboard.press('Enter');
  await dialog.getByText('Use small letters, digits and dashes, 40 at most.').waitFor();
  await dialog.getByText('Say a model, controls, or both.').waitFor();
  await dialog.getByLabel('Name').fill('try-m2');
  await dialog.getByLabel('Part, in percent').fill('100');
  await dialog.getByLabel('Requests for').fill('m1');
  await dialog.getByLabel('Asks for this model').fill('m3');
  await page.keyboard.press('Enter');
  await dialog.getByRole('alert').getByText('There is no model "m3" here.').waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await dialog.getByLabel('Asks for this model').fill('m2');
  await page.keyboard.press('Enter');
  await section.getByText('Split of 100%: m1 → m2').waitFor();

  await chat();
  expect(await chat()).toBe('try-m2=variant');
  await section.getByText('Compare').press('Enter');
  await section.getByRole('row', { name: 'Good answers – 100%' }).waitFor();
  expect(await findAxeFaults(page)).toEqual([]);

  await section.getByRole('button', { name: 'Actions for try-m2' }).press('Enter');
  await page.getByRole('menuitem', { name: 'Remove' }).press('Enter');
  await section.getByText('No experiment yet.').waitFor();
  await page.context().close();
});

it('flags, endpoints and agents are set, changed, and keep what was typed when it is wrong', async () => {
  const page = await rig.openPage('/rollout');
  const flags = page.getByRole('region', { name: 'Flags' });
  await flags.getByRole('button', { name: 'Add' }).click();
  const flag = page.getByRole('dialog', { name: 'Flag' });
  await flag.getByLabel('Name').fill('new-agent');
  await flag.getByLabel('Always on for').fill('ada, bob');
  await page.keyboard.press('Enter');
  await flags.getByText('on for 10%, and for ada, bob').waitFor();
  await flags.getByRole('button', { name: 'Actions for new-agent' }).click();
  await page.getByRole('menuitem', { name: 'Change' }).click();
  await flag.getByRole('switch', { name: 'In force' }).uncheck();
  await flag.getByRole('button', { name: 'Save' }).click();
  await flags.getByText('Off', { exact: true }).waitFor();

  const endpoints = page.getByRole('region', { name: 'Named endpoints' });
  await endpoints.getByRole('button', { name: 'Add' }).click();
  const endpoint = page.getByRole('dialog', { name: 'Endpoint' });
  await endpoint.getByLabel('Name').fill('writer');
  await endpoint.getByLabel('Model').fill('m1');
  await endpoint.getByLabel('Parameters').fill('temperature 0.2');
  await page.keyboard.press('Enter');
  await endpoint.getByText('This is no JSON object.').waitFor();
  await endpoint.getByLabel('Parameters').fill('{"temperature": 0.2}');
  await page.keyboard.press('Enter');
  await endpoints.getByText('m1 in every environment').waitFor();

  const agents = page.getByRole('region', { name: 'Agents' });
  await agents.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('dialog', { name: 'Agent' }).getByLabel('Name').fill('helper');
  await page.keyboard.press('Enter');
  await agents.getByText('uses writer in every environment').waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await page.context().close();
});

it('fits a small phone in the dark, in German', async () => {
  const page = await rig.openPage('/rollout', {
    colorScheme: 'dark',
    locale: 'de-DE',
    viewport: { width: 320, height: 640 },
  });
  await page.getByRole('heading', { level: 1, name: 'Einführung' }).waitFor();
  await page.getByRole('region', { name: 'Schalter' }).waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  await page.context().close();
});
