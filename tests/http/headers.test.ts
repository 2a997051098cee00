// What may stand in a header of a reply, whichever way it leaves.
import { describe, expect, it } from 'vitest';
import { toReplyHeaders, toReplyLines, toReplyText } from '#lambda/http/headers.ts';

/** RFC 9110, section 5.5: visible signs of ASCII, spaces and tabs, and bytes from 0x80. */
const mayStand = (code: number): boolean => code === 9 || (code >= 32 && code <= 255 && code !== 127);

describe('values of headers', () => {
  it('keep what may stand there, and nothing else', () => {
    for (let code = 0; code < 0x180; code++) {
      const value = `a${String.fromCharCode(code)}b`;
      const safe = mayStand(code) ? value : 'a?b';
      expect(toReplyText({ x: value }), String(code)).toContain(`\r\nx: ${safe}\r\n`);
      expect(toReplyHeaders({ x: value }).headers['x'], String(code)).toBe(safe);
      const lines = toReplyLines({ x: value });
      expect(lines[lines.indexOf('x') + 1], String(code)).toBe(safe);
    }
  });

  it('are one for each cookie', () => {
    const given = { 'set-cookie': 'a=1; Path=/\nb=ü\u0001\u0100' };
    expect(toReplyText(given)).toContain('\r\nset-cookie: a=1; Path=/\r\nset-cookie: b=ü??\r\n');
    expect(toReplyHeaders(given).cookies).toEqual(['a=1; Path=/', 'b=ü??']);
    expect(toReplyLines(given).slice(-4)).toEqual(['set-cookie', 'a=1; Path=/', 'set-cookie', 'b=ü??']);
  });
});
