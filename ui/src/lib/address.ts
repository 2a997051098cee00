// The query of the page's address, for pages that keep in it what they show. The router itself stays with the shell.
import { createContext, useContext } from 'react';

export interface AddressQuery {
  readonly query: Readonly<Record<string, unknown>>;
  /** Puts another in its place. That is no step to go back over: with the arrow keys each choice on the way would be one. */
  readonly setQuery: (query: Readonly<Record<string, string>>) => void;
}

export const AddressContext = createContext<AddressQuery>({ query: {}, setQuery: () => undefined });

/** The query as it stands, and what changes it. */
export const useAddressQuery = (): AddressQuery => useContext(AddressContext);
