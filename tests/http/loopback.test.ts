import { expect, it } from 'vitest';
import { isLoopback } from '#lambda/http/loopback.ts';

it.each(['127.0.0.1', '127.0.0.2', '127.255.255.254', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1'])(
  '%s is reached from this machine alone',
  (host) => expect(isLoopback(host)).toBe(true),
);

it.each(['', '0.0.0.0', '::', '128.0.0.1', '10.0.0.1', '127.evil.example', '127.0.0.1.evil.example', '127.1', 'localhost.evil.example', '::ffff:10.0.0.1', '[127.0.0.1'])(
  '"%s" may be reached from elsewhere',
  (host) => expect(isLoopback(host)).toBe(false),
); // prettier-ignore
