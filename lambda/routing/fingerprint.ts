// Short stable names for pools, books and candidates: equal in every process and after every deployment.

/** 53-bit FNV-1a-like hash of a text in base 36 (at most 11 characters). Not for security. */
export function toFingerprint(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  // Signed as they come out of imul(): as unsigned, each would be a number in memory, and hundreds of names are made by every start.
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ (code + i), 0x85ebca6b);
  }
  return ((high & 0x1fffff) * 0x100000000 + (low >>> 0)).toString(36);
}
