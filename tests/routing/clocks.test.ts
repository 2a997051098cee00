// Calendar windows against dates written down by hand, and against the zones' own formatted time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CalendarClock, createZoneClock } from '#lambda/routing/clocks.ts';

const clock = (every: CalendarClock['every'], zone = 'UTC', day?: number): CalendarClock => ({
  kind: 'calendar',
  every,
  zone,
  ...(day && { day }),
});
const la = 'America/Los_Angeles';

describe('windowAt', () => {
  it.each<[string, CalendarClock, string, string]>([
    ['a day of 23 hours', clock('day', la), '2026-03-08T12:00:00Z', '2026-03-08T08:00:00Z/2026-03-09T07:00:00Z'],
    ['a day of 25 hours', clock('day', la), '2026-11-01T12:00:00Z', '2026-11-01T07:00:00Z/2026-11-02T08:00:00Z'],
    ['its last millisecond', clock('day', la), '2026-11-02T07:59:59.999Z', '2026-11-01T07:00:00Z/2026-11-02T08:00:00Z'],
    ['its end', clock('day', la), '2026-11-02T08:00:00Z', '2026-11-02T08:00:00Z/2026-11-03T08:00:00Z'],
    ['a leap day', clock('day'), '2028-02-29T23:59:59Z', '2028-02-29T00:00:00Z/2028-03-01T00:00:00Z'],
    ['a leap month', clock('month'), '2028-02-10T00:00:00Z', '2028-02-01T00:00:00Z/2028-03-01T00:00:00Z'],
    ['the turn of the year', clock('month'), '2026-12-31T23:59:59Z', '2026-12-01T00:00:00Z/2027-01-01T00:00:00Z'],
    [
      'a month before its anchor',
      clock('month', 'UTC', 15),
      '2026-01-14T23:00:00Z',
      '2025-12-15T00:00:00Z/2026-01-15T00:00:00Z',
    ],
    [
      'a month after its anchor',
      clock('month', 'UTC', 28),
      '2026-02-28T00:00:00Z',
      '2026-02-28T00:00:00Z/2026-03-28T00:00:00Z',
    ],
    [
      'a month across the change',
      clock('month', la),
      '2026-03-20T00:00:00Z',
      '2026-03-01T08:00:00Z/2026-04-01T07:00:00Z',
    ],
    ['a week on Sunday', clock('week'), '2026-11-22T10:00:00Z', '2026-11-16T00:00:00Z/2026-11-23T00:00:00Z'],
    ['a week on Monday', clock('week'), '2026-11-23T00:00:00Z', '2026-11-23T00:00:00Z/2026-11-30T00:00:00Z'],
    ['a minute', clock('minute', la), '2026-11-22T10:20:30.5Z', '2026-11-22T10:20:00Z/2026-11-22T10:21:00Z'],
    [
      'an hour off the half',
      clock('hour', 'Asia/Kolkata'),
      '2026-11-22T10:20:30Z',
      '2026-11-22T09:30:00Z/2026-11-22T10:30:00Z',
    ],
    [
      'a day whose midnight is skipped',
      clock('day', 'America/Santiago'),
      '2026-09-06T12:00:00Z',
      '2026-09-06T04:00:00Z/2026-09-07T03:00:00Z',
    ],
    [
      'a day whose midnight comes twice',
      clock('day', 'America/Havana'),
      '2026-11-01T05:30:00Z',
      '2026-11-01T04:00:00Z/2026-11-02T05:00:00Z',
    ],
    [
      'a day that returns to its last hour',
      clock('day', 'America/Santiago'),
      '2026-04-05T03:30:00Z',
      '2026-04-04T03:00:00Z/2026-04-05T04:00:00Z',
    ],
  ])('knows %s', (_name, calendar, at, interval) => {
    const { startMs, endMs } = createZoneClock().windowAt(calendar, Date.parse(at));
    expect([startMs, endMs]).toEqual(interval.split('/').map((text) => Date.parse(text)));
  });

  it('answers days that the zone itself calls one date, without gap or overlap', () => {
    const zones = [
      'UTC',
      la,
      'Europe/Vienna',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'America/Santiago',
      'Atlantic/Azores',
    ];
    const instant = fc.integer({ min: Date.parse('2024-01-01'), max: Date.parse('2031-01-01') });
    fc.assert(
      fc.property(fc.constantFrom(...zones), instant, (zone, atMs) => {
        const date = (ms: number): string => new Date(ms).toLocaleDateString('sv-SE', { timeZone: zone });
        const zoneClock = createZoneClock();
        const calendar = clock('day', zone);
        const { startMs, endMs } = zoneClock.windowAt(calendar, atMs);
        expect(startMs <= atMs && atMs < endMs).toBe(true);
        expect([startMs, atMs, endMs - 1].map(date)).toEqual([date(atMs), date(atMs), date(atMs)]);
        expect(date(endMs)).not.toBe(date(atMs));
        expect(zoneClock.windowAt(calendar, endMs).startMs).toBe(endMs);
      }),
      { numRuns: 150, seed: 3 },
    );
  });

  it('does not depend on what it was asked before', () => {
    const zoneClock = createZoneClock();
    const calendar = clock('day', la);
    const instants = [
      '2026-11-01T12:00:00Z',
      '2026-03-08T12:00:00Z',
      '2026-11-01T06:00:00Z',
      '2026-11-01T12:00:00Z',
    ].map((text) => Date.parse(text));
    const warm = instants.map((at) => zoneClock.windowAt(calendar, at));
    expect(warm).toEqual(instants.map((at) => createZoneClock().windowAt(calendar, at)));
  });

  it('names a zone that does not exist', () => {
    expect(() => createZoneClock().windowAt(clock('day', 'Mars/Olympus'), 0)).toThrow(/"Mars\/Olympus".*IANA/);
  });
});
