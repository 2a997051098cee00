// Whether memory grows with use: resident memory after a warm-up, and after many more requests.
import { openConnection } from './connection.ts';
import { readRssMb } from './cpu.ts';
import { small, toRequest } from './scenarios.ts';
import type { Target } from './targets.ts';

export interface Growth {
  readonly target: string;
  /** After the warm-up. */
  readonly requests: number;
  readonly warmMb: number;
  readonly afterMb: number;
  readonly failed: number;
}

export interface GrowthPlan {
  readonly warmUps: number;
  readonly requests: number;
}

const CONNECTIONS = 32;
/** After the last answer, for what follows it. */
const REST_MS = 2_000;

async function send(target: Target, requests: number): Promise<number> {
  const request = toRequest(small.body, target.headers);
  let left = requests;
  let failed = 0;
  const { promise: lost, reject } = Promise.withResolvers<never>();
  const onLost = (reason: string): void => reject(new Error(`${target.name}: ${reason}`));
  const options = { port: target.port, marks: false, onLost };
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => openConnection(options)));
  const loops = connections.map(
    (connection) =>
      new Promise<void>((resolve) => {
        const next = (): void => {
          if (left-- <= 0) return resolve();
          connection.send(request, ({ status }) => {
            if (status !== 200) failed++;
            next();
          });
        };
        next();
      }),
  );
  try {
    await Promise.race([Promise.all(loops), lost]);
  } finally {
    for (const connection of connections) connection.close();
  }
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  return failed;
}

/** null where the system does not tell a process's memory. Rejects when the target breaks a connection off. */
export async function measureGrowth(target: Target, { warmUps, requests }: GrowthPlan): Promise<Growth | null> {
  await send(target, warmUps);
  const warmMb = readRssMb(target.pid);
  const failed = await send(target, requests);
  const afterMb = readRssMb(target.pid);
  return warmMb === null || afterMb === null ? null : { target: target.name, requests, warmMb, afterMb, failed };
}
