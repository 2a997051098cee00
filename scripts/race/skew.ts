// Sets this process's clock wrong by RACE_SKEW_MS, for whatever is loaded after it: whoever asks for the time gets the wrong one.

const real = Date.now;
const skewMs = Number(process.env['RACE_SKEW_MS'] ?? '0');

/** The right time, ms since the epoch, by which the race is judged. */
export const trueNow = (): number => real();

if (skewMs !== 0) {
  class WrongDate extends Date {
    constructor(...given: readonly unknown[]) {
      super(...((given.length === 0 ? [real() + skewMs] : given) as [number]));
    }
    static override now(): number {
      return real() + skewMs;
    }
  }
  globalThis.Date = WrongDate as DateConstructor;
}
