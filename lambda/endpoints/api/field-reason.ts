// What is wrong with a field, as a code with its bound: of what the schemas say, as much as a person can mend.
import type { Reason } from '#shared/api/reason.ts';
import type * as z from 'zod/mini';

type FieldReason = Extract<Reason, { code: 'field' }>;
type Issue = z.core.$ZodIssue;

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, name) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[name], value);

function toFault(issue: Issue, value: unknown): Omit<FieldReason, 'code' | 'field'> {
  if (issue.code === 'too_small') {
    const [bound, of] = [Number(issue.minimum), issue.origin];
    return of === 'string' && bound === 1 ? { fault: 'missing' } : { fault: 'too_small', bound, of };
  }
  if (issue.code === 'too_big') return { fault: 'too_big', bound: Number(issue.maximum), of: issue.origin };
  if (issue.code === 'invalid_format') return { fault: 'format', of: issue.format };
  if (issue.code === 'unrecognized_keys') return { fault: 'unknown', of: issue.keys.join(', ') };
  return { fault: (valueAt(value, issue.path) ?? null) === null ? 'missing' : 'other' };
}

/** The reason of an issue that `value` has; absent: nothing is known of it. */
export const toFieldReason = (field: string, issue: Issue | undefined, value: unknown): FieldReason => ({
  code: 'field',
  field,
  ...(issue === undefined ? { fault: 'other' } : toFault(issue, value)),
});
