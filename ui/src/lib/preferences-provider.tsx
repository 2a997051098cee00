// Puts preferences in force: theme, language and direction on the document, and in the context of all pages.
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { LanguageContext, languageFacts } from './messages.ts';
import {
  PreferencesContext,
  readPreferences,
  toLanguage,
  writePreferences,
  type Preferences,
  type PreferencesPort,
} from './preferences.ts';

function useDarkSystem(): boolean {
  const [dark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const update = (): void => setDark(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, []);
  return dark;
}

/** Gives preferences and language to all below. */
export function PreferencesProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [preferences, setPreferences] = useState(() => readPreferences(localStorage));
  const systemDark = useDarkSystem();
  const language = toLanguage(preferences, navigator.language);
  const change = useCallback((changes: Partial<Preferences>) => {
    setPreferences((before) => {
      const after = { ...before, ...changes };
      writePreferences(localStorage, after);
      return after;
    });
  }, []);
  useEffect(() => {
    const dark = preferences.theme === 'dark' || (preferences.theme === 'system' && systemDark);
    const root = document.documentElement;
    root.dataset['theme'] = dark ? 'dark' : 'light';
    root.lang = language;
    root.dir = languageFacts[language].dir;
  }, [preferences.theme, systemDark, language]);
  const port = useMemo((): PreferencesPort => ({ preferences, change }), [preferences, change]);
  return (
    <PreferencesContext value={port}>
      <LanguageContext value={language}>{children}</LanguageContext>
    </PreferencesContext>
  );
}
