// Tells the calls of a conversation apart for providers that refuse two of one id.

/** Ids of the calls of one conversation, as a provider is told them. */
export interface CallIds {
  /** The id of the next call, different from all before. */
  call(id: string): string;
  /** The id of the call that a result answers. */
  result(id: string): string;
}

/** Begins a conversation. `fit` makes an id such as the format allows; some providers give one id to several calls, which others refuse. */
export function createCallIds(fit: (id: string) => string): CallIds {
  const taken = new Set<string>();
  /** What calls of one id were told as, in their order, how many of them have a result, and the number that the last one was given. */
  const known = new Map<string, { readonly told: string[]; answered: number; count: number }>();
  return {
    call: (id) => {
      const same = known.get(id) ?? { told: [], answered: 0, count: 1 };
      known.set(id, same);
      let told = fit(id === '' ? 'call' : id);
      while (taken.has(told)) told = fit(`${id}_${++same.count}`);
      taken.add(told);
      same.told.push(told);
      return told;
    },
    result: (id) => {
      const same = known.get(id);
      if (same === undefined) return fit(id === '' ? 'call' : id);
      // A result too many is one of the last call.
      const at = Math.min(same.answered, same.told.length - 1);
      same.answered = at + 1;
      return same.told[at] ?? fit(id);
    },
  };
}
