// What a process costs, read from Linux: processor time of all its threads, memory, and which core it may run on.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Processor time of all threads of a process so far, us; null where the system does not tell. */
export function readCpuUs(pid: number): number | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const times = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return times.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e3;
  } catch {
    return null;
  }
}

/** Resident memory, MB; null where the system does not tell. */
export function readRssMb(pid: number): number | null {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null;
  }
}

/** Share of time in which the hypervisor ran somebody else, since boot, in ticks: [stolen, total]; null where the system does not tell. */
export function readSteal(): readonly [number, number] | null {
  try {
    const ticks = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number);
    return [ticks[7] ?? 0, ticks.reduce((sum, tick) => sum + tick, 0)];
  } catch {
    return null;
  }
}

/** Binds all threads of a process to one core. False when that can't be done here. */
export function pin(pid: number, core: number): boolean {
  const { status } = spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
  return status === 0;
}
