// Says in words what a schema expected where a value did not fit. The small edition of zod comes without sentences of its own.
import type * as z from 'zod/mini';

type Issue = z.core.$ZodIssue;

/** Where more can't be said. */
const OTHER = 'another value';

/** Types that are not called as zod calls them. */
const types: Readonly<Record<string, string>> = {
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

const formats: Readonly<Record<string, string>> = {
  url: 'a URL such as https://api.example.com/v1',
  date: 'a date such as 2027-01-31',
};

/** What of a value is measured, where it is not the value itself. */
const units: Readonly<Record<string, string>> = { string: 'character', array: 'item' };

type Bound = Extract<Issue, { readonly code: 'too_small' | 'too_big' }>;

function tellBound(issue: Bound): string {
  const [bound, open, closed] =
    issue.code === 'too_small'
      ? ([issue.minimum, 'more than', 'at least'] as const)
      : ([issue.maximum, 'less than', 'at most'] as const);
  const range = `${issue.inclusive === false ? open : closed} ${bound}`;
  const unit = units[issue.origin];
  return unit === undefined ? `a number of ${range}` : `${range} ${unit}${bound === 1 ? '' : 's'}`;
}

const tellChoice = (values: readonly unknown[]): string => `one of ${values.join(', ')}`;

function tellUnion(issue: Extract<Issue, { readonly code: 'invalid_union' }>): string {
  if ('options' in issue && issue.options !== undefined) return tellChoice(issue.options);
  const told = new Set(issue.errors.map(([first]) => tellExpected(first)));
  return [...told].join(', or ');
}

/**
 * What was expected at the place of an issue, such as `a whole number` or `one of free, paid, local`. Tells nothing of the value that stood
 * there, which may be a key.
 */
export function tellExpected(issue: Issue | undefined): string {
  switch (issue?.code) {
    case 'invalid_type':
      return types[issue.expected] ?? `a ${issue.expected}`;
    case 'invalid_value':
      return tellChoice(issue.values);
    case 'too_small':
    case 'too_big':
      return tellBound(issue);
    case 'invalid_format':
      return formats[issue.format] ?? (issue.format === 'regex' ? issue.message : `a valid ${issue.format}`);
    case 'unrecognized_keys':
      return `no field ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
    case 'invalid_union':
      return tellUnion(issue);
    default:
      return issue?.code === 'custom' ? issue.message : OTHER;
  }
}
