// The languages of the web app: every text is a member of a catalog, and a language that lacks one does not compile.
import { createContext, use } from 'react';

/** Languages that every catalog holds. */
export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** Languages by the name their speakers use, and the way they are written. */
export const languageFacts: Readonly<Record<Language, { readonly name: string; readonly dir: 'ltr' | 'rtl' }>> = {
  en: { name: 'English', dir: 'ltr' },
  de: { name: 'Deutsch', dir: 'ltr' },
};

/** The texts of one feature in all languages: strings, or functions that make one. */
export type Catalog<T> = Readonly<Record<Language, T>>;

/** Checks that both languages say the same things. */
export const defineMessages = <T extends object>(en: T, de: NoInfer<T>): Catalog<T> => ({ en, de });

export const LanguageContext = createContext<Language>('en');

/** The language in force. */
export const useLanguage = (): Language => use(LanguageContext);

/** The language of the document, for what outlives what is drawn. */
export const pageLanguage = (): Language => (globalThis.document?.documentElement.lang === 'de' ? 'de' : 'en');

/** A feature's texts in the language in force. */
export const useMessages = <T>(catalog: Catalog<T>): T => catalog[use(LanguageContext)];
