// `npm start` and `npm run demo`: starts from the packed form, which is made first where a source has changed. This file and those it needs are
// plain JavaScript: to take the types out of a single one, Node loads a compiler, of whose memory 20 MB stay with the server.
import { pathToFileURL } from 'node:url';
import { findPacked, keepPacked, packApart } from './packed.mjs';

const packed = findPacked() ?? packApart();
if (typeof packed === 'string') {
  await import(pathToFileURL(packed).href);
  keepPacked(packed);
} else {
  await import('./serve.ts');
  console.error(
    `Mind: the sources could not be packed (${packed.reason}): Freeway runs from them, which takes 70 MB more. "npm run build" packs them, by somebody who may write into node_modules.`,
  );
}
