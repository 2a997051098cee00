// The order of the test files: what takes long comes first, so that no processor waits for it in the end, and what waits runs beside what works.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A few lines, but many seconds, most of them spent waiting; the longest first. */
const long = [
  'e2e/chaos',
  'wall/wall',
  'chaos/lambda',
  'gateway/wire-cuts',
  'e2e/jobs',
  'e2e/long-audio',
  'simulate/short',
  'lambda/jobs',
  'e2e/transcription-recogniser',
  'lambda/emulator',
  'lambda/invoke',
  'lambda/rollback',
  'lambda/bundle',
  'e2e/long-recordings',
  'scripts/deploy',
];

const rankOf = ({ moduleId }: TestSpecification): number =>
  long.findIndex((name) => moduleId.endsWith(`/tests/${name}.test.ts`));

/** Those in the browser, which work, between two each that wait; then all others as they come, the larger ones first. */
export class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isBrowser = ({ project }: TestSpecification): boolean => project.name === 'browser';
    const working = sorted.filter(isBrowser);
    const waiting = sorted.filter((file) => rankOf(file) >= 0).toSorted((a, b) => rankOf(a) - rankOf(b));
    const others = sorted.filter((file) => !isBrowser(file) && rankOf(file) < 0);
    const mixed: TestSpecification[] = [];
    while (working.length + waiting.length > 0) mixed.push(...working.splice(0, 1), ...waiting.splice(0, 2));
    return [...mixed, ...others];
  }
}
