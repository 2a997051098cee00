// Faults as Z.ai tells them: four-digit codes, also under status 200, and reset times on Beijing's clock.
import { createDialect } from './dialect.ts';
import type { Fault } from './fault.ts';
import type { Verdict } from './rules.ts';

const byCode: Readonly<Record<string, Verdict>> = {
  '1000': { kind: 'bad_credential', covers: 'credential' },
  '1001': { kind: 'bad_credential', covers: 'credential' },
  '1002': { kind: 'bad_credential', covers: 'credential' },
  '1003': { kind: 'bad_credential', covers: 'credential' },
  '1004': { kind: 'bad_credential', covers: 'credential' },
  // An empty balance still leaves the models that cost nothing.
  '1113': { kind: 'quota_exhausted', covers: 'model', retryAfterMs: null },
  '1211': { kind: 'model_missing', covers: 'model' },
  '1220': { kind: 'not_entitled', covers: 'model' },
  '1261': { kind: 'context_exceeded' },
  '1301': { kind: 'content_filtered' },
  '1302': { kind: 'rate_limited', covers: 'model' },
  '1303': { kind: 'rate_limited', covers: 'model' },
  '1304': { kind: 'quota_exhausted', covers: 'model', untilReset: true },
  '1305': { kind: 'overloaded' },
  '1308': { kind: 'quota_exhausted', covers: 'credential' },
  '1309': { kind: 'quota_exhausted', covers: 'credential', retryAfterMs: null },
  '1310': { kind: 'quota_exhausted', covers: 'credential' },
};

const resetPattern = /reset at (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/;

function judge(fault: Fault, nowMs: number): Verdict | null {
  const code = /\b1[0-3]\d\d\b/.exec(fault.codes)?.[0] ?? /^\[(1\d{3})\]/.exec(fault.message)?.[1];
  const verdict = code === undefined ? undefined : byCode[code];
  const [, day, time] = resetPattern.exec(fault.message) ?? [];
  if (day === undefined || time === undefined) return verdict ?? null;
  const resetAtMs = Date.parse(`${day}T${time}+08:00`);
  return { kind: 'quota_exhausted', covers: 'credential', retryAfterMs: Math.max(0, resetAtMs - nowMs) };
}

export const zai = createDialect('zai', { judge });
