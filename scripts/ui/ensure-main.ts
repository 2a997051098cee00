// The process that builds the web app for those who serve it.
import { ensureUi } from './ensure.ts';

await ensureUi();
