// Turns among the requests of one instance that wait for the same quota: one tries at a time, who came first goes first.

export interface Queue {
  /** A place in the order of waiting, to be handed back by `leave`. */
  ticket(): number;
  leave(ticket: number): void;
  /** Whether anybody but the holder of this ticket has one; null is the ticket of nobody. */
  hasOthers(ticket: number | null): boolean;
  /** Runs `act` when nobody with an earlier ticket wants to and nobody else is at it. Rejects with what `act` rejects with. */
  inTurn<T>(ticket: number, act: () => Promise<T>): Promise<T>;
}

interface Waiter {
  readonly ticket: number;
  readonly start: () => void;
}

/** An empty queue. */
export function createQueue(): Queue {
  const waiting: Waiter[] = [];
  const tickets = new Set<number>();
  let last = 0;
  let busy = false;
  const next = (): void => {
    let first = -1;
    for (let i = 0; i < waiting.length; i++)
      if (first < 0 || (waiting[i]?.ticket ?? 0) < (waiting[first]?.ticket ?? 0)) first = i;
    const [waiter] = first < 0 ? [] : waiting.splice(first, 1);
    busy = waiter !== undefined;
    waiter?.start();
  };
  return {
    ticket: () => {
      tickets.add(++last);
      return last;
    },
    leave: (ticket) => void tickets.delete(ticket),
    hasOthers: (ticket) => tickets.size > (ticket !== null && tickets.has(ticket) ? 1 : 0),
    inTurn: async (ticket, act) => {
      if (busy) await new Promise<void>((start) => waiting.push({ ticket, start }));
      busy = true;
      try {
        return await act();
      } finally {
        next();
      }
    },
  };
}
