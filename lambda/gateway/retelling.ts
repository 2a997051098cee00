// What tells a stream anew, in another format or from where another attempt broke off: loaded by the first question that asks for a stream.
import { loadOnce } from '#shared/load-once.ts';
import type * as retell from './read-retell.ts';

export type Retelling = Pick<typeof retell, 'createRetellReader' | 'createRetellWholeReader' | 'toResumption'>;

export const loadRetelling = loadOnce((): Promise<Retelling> => import('./read-retell.ts'));
