// Points in time as text.

/** Writes points in time (ms since the epoch) as ISO 8601, UTC. What they share with the one before, day and second, is put together once. */
export function createIsoTimes(): (atMs: number) => string {
  let second = Number.NaN;
  let start = '';
  return (atMs) => {
    const whole = Math.floor(atMs / 1000);
    if (whole !== second) {
      second = whole;
      start = new Date(whole * 1000).toISOString().slice(0, -4);
    }
    return `${start}${String(Math.floor(atMs) - whole * 1000).padStart(3, '0')}Z`;
  };
}
