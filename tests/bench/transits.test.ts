// How the bench finds the simulated provider's marks in the pieces of a stream, and how it tells that provider what to answer.
import { describe, expect, it } from 'vitest';
import { toTransits } from '../../scripts/bench/connection.ts';
import { parseDirective, plainDirective, renderDirective } from '../../scripts/bench/directive.ts';
import { toTable } from '../../scripts/bench/report.ts';

const event = (sentUs: number): string => `data: {"choices":[{"delta":{"content":"@${sentUs}@"}}]}\n\n`;

describe('toTransits', () => {
  it('takes the time of the piece in which a mark ends', () => {
    const [first, second] = [event(100), event(200)];
    const text = first + second;
    const at = first.length + second.indexOf('@') + 3;
    const pieces = [
      { text: text.slice(0, at), atUs: 130 },
      { text: text.slice(at), atUs: 290 },
    ];
    expect(toTransits(pieces)).toEqual({ transitUs: [30, 90], inOrder: true });
  });

  it('tells when events came in another order', () => {
    expect(toTransits([{ text: event(200) + event(100), atUs: 250 }])).toEqual({
      transitUs: [50, 150],
      inOrder: false,
    });
  });

  it('finds nothing in a stream without marks', () => {
    expect(toTransits([{ text: 'data: [DONE]\n\n', atUs: 1 }])).toEqual({ transitUs: [], inOrder: true });
  });
});

describe('directive', () => {
  it('comes out of a body as it went in', () => {
    const directive = { chunks: 40, paceMs: 2, textLength: 7, busyPercent: 30 };
    const body = JSON.stringify({ model: 'auto', user: renderDirective(directive), messages: [] });
    expect(parseDirective(Buffer.from(body))).toEqual(directive);
  });

  it('is the plain one when a body has none', () => {
    expect(parseDirective(Buffer.from('{"model":"auto"}'))).toEqual(plainDirective);
  });
});

describe('toTable', () => {
  it('aligns words to the left and numbers to the right', () => {
    const rows = [
      ['direct', '5'],
      ['ref', '-'],
      ['a long name', '1234'],
    ];
    expect(toTable(['target', 'us'], rows)).toBe(
      ['target         us', 'direct          5', 'ref             -', 'a long name  1234'].join('\n'),
    );
  });
});
