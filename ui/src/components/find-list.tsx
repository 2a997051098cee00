// A list in which one is found by words once it is too long to be looked over.
import { useDeferredValue, useState, type ReactNode } from 'react';
import { foldText, toWords } from '../lib/found.ts';
import { formatCount } from '../lib/format.ts';
import { defineMessages, useLanguage, useMessages } from '../lib/messages.ts';

const messages = defineMessages(
  { found: (shown: string, all: string) => `${shown} of ${all}`, nothing: 'Nothing fits. Try another word.' },
  {
    found: (shown: string, all: string) => `${shown} von ${all}`,
    nothing: 'Nichts gefunden. Versuche ein anderes Wort.',
  },
);

/** Shorter lists are looked over. */
const MANY = 10;

interface FindListProps<T> {
  readonly items: readonly T[];
  /** The words by which one is found. */
  readonly toText: (item: T) => string;
  /** What the field is called. */
  readonly label: string;
  readonly children: (shown: readonly T[]) => ReactNode;
}

/** The field above the list, and the list of what fits. */
export function FindList<T>({ items, toText, label, children }: FindListProps<T>): ReactNode {
  const t = useMessages(messages);
  const language = useLanguage();
  const [text, setText] = useState('');
  const words = toWords(useDeferredValue(text));
  const shown =
    words.length === 0
      ? items
      : items.filter((item) => {
          const where = foldText(toText(item));
          return words.every((word) => where.includes(word));
        });
  if (items.length <= MANY && text === '') return children(items);
  const count = (value: number): string => formatCount(value, language);
  return (
    <>
      <input
        type="search"
        dir="auto"
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={({ target }) => setText(target.value)}
        className="min-h-10 w-full rounded-xl border border-line-strong bg-page px-3 text-sm pointer-coarse:min-h-11"
      />
      <p role="status" className="mt-3 mb-2 text-sm text-muted">
        {shown.length === 0 ? t.nothing : t.found(count(shown.length), count(items.length))}
      </p>
      {shown.length > 0 && children(shown)}
    </>
  );
}
