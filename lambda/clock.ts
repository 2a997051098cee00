// Real time and real randomness.
import { setTimeout as sleep } from 'node:timers/promises';
import { Alarms } from './alarms.ts';
import type { Clock } from './ports.ts';

const alarms = new Alarms();

export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
  after: (ms, fire) => alarms.after(ms, fire),
  random: Math.random,
};
