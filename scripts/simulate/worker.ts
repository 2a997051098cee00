// A thread that does one job and posts its report.
import { parentPort, workerData } from 'node:worker_threads';
import { runJob, type Job } from './job.ts';

const report = await runJob(workerData as Job);
// eslint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(report);
