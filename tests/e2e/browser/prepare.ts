// Once before all tests in the browser, so that no two of them do it at the same time: the web app is built, the browser unpacked.
import { findBrowser } from '../../../scripts/ui/browser.ts';
import { ensureUi } from '../../../scripts/ui/ensure.ts';

/** Called by the test runner. */
export default async function prepare(): Promise<void> {
  await ensureUi();
  await findBrowser();
}
