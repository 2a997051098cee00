// The process that packs the sources for a start.
import { pack } from './pack.ts';

await pack();
