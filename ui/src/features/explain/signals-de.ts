// What the classification noticed in a request, in German. The server names it in English.

const signals: Readonly<Record<string, string>> = {
  'code fence': 'Code-Block',
  'stack trace': 'Fehlerspur',
  'code-like line': 'Zeile, die nach Code aussieht',
  'programming words': 'Wörter vom Programmieren',
  'asks to build software': 'Software soll gebaut werden',
  'file names': 'Dateinamen',
  'summary words': 'Wörter vom Zusammenfassen',
  'extraction words': 'Wörter vom Auslesen',
  'planning words': 'Wörter vom Planen',
  'proof or derivation': 'Beweis oder Herleitung',
  mathematics: 'Mathematik',
  puzzle: 'Rätsel',
  'asks to reason': 'Nachdenken verlangt',
  'hard engineering': 'schwierige Technik',
  'depth asked for': 'Gründlichkeit verlangt',
  'short answer asked for': 'kurze Antwort verlangt',
  'system: coding assistant': 'Rolle: Programmierhilfe',
  'system: summariser': 'Rolle: Zusammenfasser',
  'system: extractor': 'Rolle: Ausleser',
  'system: planner': 'Rolle: Planer',
  'JSON asked for': 'JSON verlangt',
  'reasoning effort asked for': 'Denkaufwand verlangt',
  'tools offered': 'Werkzeuge angeboten',
  'very long conversation': 'sehr langes Gespräch',
  'long conversation': 'langes Gespräch',
  'long material': 'langes Material',
  'long answer allowed': 'lange Antwort erlaubt',
  'several pictures': 'mehrere Bilder',
  'list of requirements': 'Liste von Anforderungen',
  'many conditions': 'viele Bedingungen',
  'longer programming request': 'längerer Auftrag zum Programmieren',
};

/** A signal in German; the server's own word where there is none. */
export const toGermanSignal = (name: string): string =>
  signals[name] ?? name.replace(/^asked for as /, 'verlangt als ');
