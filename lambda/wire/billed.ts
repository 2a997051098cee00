// On which terms a provider says it bills a call, where they change what the call costs.

const words = /flex|priority|batch|fast|provisioned|^us$/i;

/** The terms among words for service tiers, speeds and places; undefined where all of them are the usual ones. */
export function toTerms(...told: readonly unknown[]): readonly string[] | undefined {
  let terms: Set<string> | undefined;
  for (const one of told) {
    const word = typeof one === 'string' ? words.exec(one)?.[0] : undefined;
    if (word !== undefined) (terms ??= new Set()).add(word.toLowerCase());
  }
  return terms && [...terms];
}
