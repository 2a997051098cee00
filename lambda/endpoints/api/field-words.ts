// What is wrong with a field, as a sentence for whoever wrote the request: what it must be. Never what it is, which may be a secret.
import type { Reason } from '#shared/api/reason.ts';
import type * as z from 'zod/mini';

type Issue = z.core.$ZodIssue;
type Fault = Extract<Reason, { code: 'field' }>['fault'];

/** Names of types as JSON has them. */
const types: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const formats: Readonly<Record<string, string>> = {
  datetime: 'a time such as 2027-01-31T12:00:00Z',
  date: 'a date such as 2027-01-31',
  email: 'an e-mail address',
  url: 'a URL',
};

/** What a size counts, by what has it; absent: the value itself. */
const counted: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
};

function tellSize(origin: string, bound: string, size: bigint | number): string {
  const units = counted[origin];
  return units === undefined ? `must be ${size} ${bound}` : `must have ${size} ${units[size === 1 ? 0 : 1]} ${bound}`;
}

function tellMust(issue: Issue): string | null {
  switch (issue.code) {
    case 'invalid_type': {
      const type = types[issue.expected];
      return type === undefined ? null : `must be ${type}`;
    }
    case 'invalid_value': {
      const values = issue.values.map((value) => JSON.stringify(value));
      return `must be ${values.length === 1 ? '' : 'one of '}${values.join(', ')}`;
    }
    case 'too_small':
      return issue.inclusive === false
        ? `must be above ${issue.minimum}`
        : tellSize(issue.origin, 'or more', issue.minimum);
    case 'too_big':
      return issue.inclusive === false
        ? `must be below ${issue.maximum}`
        : tellSize(issue.origin, 'at most', issue.maximum);
    case 'invalid_format': {
      const format = formats[issue.format];
      return format === undefined ? null : `must be ${format}`;
    }
    default:
      return null;
  }
}

/** The sentence about the field `name`. `fault` tells what is missing from what is wrong. */
export function tellField(name: string, issue: Issue | undefined, fault: Fault): string {
  const must = issue === undefined ? null : tellMust(issue);
  if (fault === 'missing') return `"${name}" is missing: it ${must ?? 'must be there'}.`;
  return must === null ? `"${name}" is wrong: ${issue?.message ?? 'not what was expected'}.` : `"${name}" ${must}.`;
}
