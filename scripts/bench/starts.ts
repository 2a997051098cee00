// How long Freeway takes from being spawned to its first answer, and what it then holds in memory.
import { readRssMb } from './cpu.ts';
import { start } from './processes.ts';
import { median } from './stats.ts';
import { toFreeway } from './targets.ts';

export interface Starts {
  readonly runs: number;
  /** From spawning to the first 200, median. */
  readonly medianMs: number;
  readonly slowestMs: number;
  readonly rssMb: number | null;
}

/** Starts it some times, one after another, after once for what is kept between starts. */
export async function timeStarts(runs: number): Promise<Starts> {
  const program = toFreeway('http://127.0.0.1:9/v1');
  const tookMs: number[] = [];
  const rssMb: number[] = [];
  for (let done = -1; done < runs; done++) {
    const startedAt = performance.now();
    const running = await start(program);
    const { status } = await fetch(`http://127.0.0.1:${running.port}/health`);
    const ms = performance.now() - startedAt;
    const rss = readRssMb(running.pid);
    await running.stop();
    if (status !== 200) throw new Error(`the first answer had status ${status}`);
    if (done < 0) continue;
    tookMs.push(ms);
    if (rss !== null) rssMb.push(rss);
  }
  return {
    runs,
    medianMs: median(tookMs),
    slowestMs: Math.max(...tookMs),
    rssMb: rssMb.length === 0 ? null : median(rssMb),
  };
}
