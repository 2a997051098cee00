// What somebody has written and not sent is there again when they come back to its page; a reload, or leaving Freeway, ends it. Never stored: keys may be among it.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

const ALL = 'unsent';

/** A value as `useState` has it, and what forgets it once it was sent. */
export type Unsent<T> = readonly [value: T, set: (value: T) => void, forget: () => void];

/** What was written under this name, or else `saved`. It goes with its person, as everything that was loaded for them. */
export function useUnsent<T>(name: string, saved: T): Unsent<T> {
  const client = useQueryClient();
  useEffect(() => client.setQueryDefaults([ALL], { gcTime: Infinity }), [client]);
  const [value, setValue] = useState(() => client.getQueryData<T>([ALL, name]) ?? saved);
  const forget = (): void => client.removeQueries({ queryKey: [ALL, name], exact: true });
  const set = (next: T): void => {
    setValue(next);
    if (JSON.stringify(next) === JSON.stringify(saved)) forget();
    else client.setQueryData([ALL, name], next);
  };
  return [value, set, forget];
}
