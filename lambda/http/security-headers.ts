// Headers that every reply carries, so that browsers treat our answers as data and nothing else.
import type { Headers } from '../ports.ts';

export const securityHeaders: Headers = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
};
