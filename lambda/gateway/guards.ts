// Guards on prompts: functions of other people's packages that let a prompt pass, refuse it, or write it anew before anybody is asked.
import { CallerError } from '#shared/failures.ts';
import { toOperationName, type Log, type Metrics } from '../ports-telemetry.ts';

/** What a guard is shown of a request. */
export interface Guarded {
  /** Everything that is written in the prompt, in its order, with who says it. */
  readonly texts: readonly { readonly role: string; readonly text: string }[];
  readonly model: string;
  readonly operation: string;
  readonly personId: string;
}

/** `rewrite` answers one text for each that it was shown, in their order. */
export type GuardVerdict =
  | { readonly action: 'allow' }
  | { readonly action: 'refuse'; readonly reason?: string }
  | { readonly action: 'rewrite'; readonly texts: readonly string[] };

/** What a package exports as `guard`, or by default. */
export type Guard = (prompt: Guarded) => GuardVerdict | Promise<GuardVerdict>;

/** A guard by its name, which is that of its package or file. */
export interface NamedGuard {
  readonly name: string;
  readonly guard: Guard;
}

export interface GuardMeans {
  readonly guards: readonly NamedGuard[];
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The prompt of a request, and its body as JSON. */
export interface Prompt extends Guarded {
  readonly json: unknown;
}

/** `reason` is the word of somebody's package, which may have left it out. */
function refused(name: string, reason: string | undefined): CallerError {
  const text = String(reason ?? 'it gave no reason.').slice(0, 300);
  return new CallerError('content_filter', `The guard "${name}" refused this prompt: ${text}`, {
    reason: { code: 'guard', name, text },
  });
}

/** Replaces texts wherever they stand as a whole; counts in `found` what was replaced. */
function replaceTexts(value: unknown, replacements: ReadonlyMap<string, string>, found: Set<string>): unknown {
  if (typeof value === 'string') {
    const replacement = replacements.get(value);
    if (replacement === undefined) return value;
    found.add(value);
    return replacement;
  }
  if (Array.isArray(value)) return value.map((inner) => replaceTexts(inner, replacements, found));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, replaceTexts(inner, replacements, found)]),
  );
}

function rewrite(name: string, { texts, json }: Prompt, written: readonly string[]): Prompt {
  if (written.length !== texts.length) throw new Error(`it answered ${written.length} texts for ${texts.length}`);
  const changed = texts.map(({ text }, index) => [text, written[index] ?? ''] as const).filter(([a, b]) => a !== b);
  const found = new Set<string>();
  const next = replaceTexts(json, new Map(changed), found);
  // What is put together from several places can't be written back to them.
  if (changed.some(([text]) => !found.has(text)))
    throw refused(name, 'something in it has to be taken out, but stands where it can not be replaced.');
  const renewed = texts.map(({ role }, index) => ({ role, text: written[index] ?? '' }));
  return { operation: '', model: '', personId: '', texts: renewed, json: next };
}

async function ask(
  { name, guard }: NamedGuard,
  prompt: Prompt,
  { log, metrics }: GuardMeans,
): Promise<{ verdict: GuardVerdict; prompt: Prompt }> {
  const { json: _, ...shown } = prompt;
  try {
    const verdict = await guard(shown);
    const { action } = verdict;
    if (action === 'allow' || action === 'refuse') return { verdict, prompt };
    // Words of another product ("deny", "block", false) must not let pass what they were to hold back.
    if (action !== 'rewrite') throw new Error('it answered no action there is');
    const { texts, json } = rewrite(name, prompt, verdict.texts);
    return { verdict, prompt: { ...prompt, texts, json } };
  } catch (error) {
    if (error instanceof CallerError) throw error;
    metrics.count('freeway_guard_total', { guard: name, action: 'failed' });
    log.warn('guard.failed', { what: name, error: error instanceof Error ? error.name : 'unknown' });
    // Nobody is asked what a guard could not look at.
    throw new CallerError(
      'internal',
      `The guard "${name}" failed, so nobody was asked. Tell whoever runs this server.`,
    );
  }
}

/** The body after all guards, in their order. Rejects with CallerError when one refuses or fails. */
export async function applyGuards(means: GuardMeans, prompt: Prompt): Promise<unknown> {
  const { guards, log, metrics } = means;
  let current = prompt;
  for (const one of guards) {
    const asked = await ask(one, current, means);
    const { action } = asked.verdict;
    metrics.count('freeway_guard_total', { guard: one.name, action });
    if (asked.verdict.action === 'refuse') {
      log.info('guard.refused', { what: one.name, 'gen_ai.operation.name': toOperationName(prompt.operation) });
      throw refused(one.name, asked.verdict.reason);
    }
    current = asked.prompt;
  }
  return current.json;
}
