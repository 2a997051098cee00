// Short stable names for pools, books and candidates: equal in every process and after every deployment.

/** 53-bit FNV-1a-like hash of a text in base 36 (at most 11 characters). Not for security. */
export function toFingerprint(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193) >>> 0;
    high = Math.imul(high ^ (code + i), 0x85ebca6b) >>> 0;
  }
  return ((high & 0x1fffff) * 0x100000000 + low).toString(36);
}
