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
  /** Calls without a result, and the last one, by the id they were given. */
  const open = new Map<string, readonly string[]>();
  const last = new Map<string, string>();
  return {
    call: (id) => {
      let told = fit(id === '' ? 'call' : id);
      for (let count = 2; taken.has(told); count++) told = fit(`${id}_${count}`);
      taken.add(told);
      open.set(id, [...(open.get(id) ?? []), told]);
      return told;
    },
    result: (id) => {
      const [first = last.get(id), ...rest] = open.get(id) ?? [];
      open.set(id, rest);
      if (first === undefined) return fit(id === '' ? 'call' : id);
      last.set(id, first);
      return first;
    },
  };
}
