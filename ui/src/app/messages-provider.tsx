// Puts the app's words in force, and fetches those of another language when it is chosen; until they are here the former stay.
import { useEffect, useState, type ReactNode } from 'react';
import { useLanguage } from '../lib/messages.ts';
import { AppMessagesContext, loadAppMessages, type AppMessages } from './messages.ts';

interface AppMessagesProviderProps {
  /** Those of the language that the page starts with. */
  readonly first: AppMessages;
  readonly children: ReactNode;
}

/** Gives the app's words to all below. */
export function AppMessagesProvider({ first, children }: AppMessagesProviderProps): ReactNode {
  const language = useLanguage();
  const [words, setWords] = useState(first);
  useEffect(() => {
    let wanted = true;
    void loadAppMessages(language).then((loaded) => (wanted ? setWords(loaded) : undefined));
    return () => {
      wanted = false;
    };
  }, [language]);
  return <AppMessagesContext value={words}>{children}</AppMessagesContext>;
}
