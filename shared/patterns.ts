// Patterns with `*` over names of models.

/** Whether `id` matches `pattern`, where `*` stands for any run of characters. Linear in the length of both. */
export function matchesPattern(pattern: string, id: string): boolean {
  if (pattern === '*' || pattern === id) return true;
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts[parts.length - 1] ?? '';
  if (parts.length === 1 || !id.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = id.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return id.length - last.length >= at && id.endsWith(last);
}

/** Whether any of the patterns matches. */
export function matchesAny(patterns: readonly string[], id: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, id));
}
