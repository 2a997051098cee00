// The one time scale of the bench: a monotonic clock that all processes of a machine share.

/** Microseconds on the machine's monotonic clock; comparable between processes. */
export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}
