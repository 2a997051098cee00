// The process that packs the sources for the next start: slowly, so that nobody notices.
import { setPriority } from 'node:os';
import { pack } from './pack.ts';

try {
  setPriority(10);
} catch {
  // Not everywhere may a process step back.
}
await pack();
