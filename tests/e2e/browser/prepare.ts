// Once before all tests in the browser, so that no two of them do it at the same time: the web app is built, the browser unpacked.
import { findBrowser } from '../../../scripts/ui/browser.ts';
import { ensureUi } from '../../../scripts/ui/ensure.ts';

/** Called by the test runner. */
export default async function prepare(): Promise<void> {
  await ensureUi();
  // The packed browser makes its surroundings look like Lambda, which is nothing for the tests that inherit them from here.
  const before = { ...process.env };
  await findBrowser();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
}
