// Ids of things that this device makes.

/** A random id. Browsers offer `randomUUID` to pages over https and on this machine alone; these digits are there for all. */
export const newId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
