// Paste a key or a whole .env: what is recognised, on this device, is shown before anything is sent.
import { KeyRound } from 'lucide-react';
import { useId, useMemo, useState, type ReactNode } from 'react';
import { recognise, type Recognised } from '#shared/recognise.ts';
import { Button } from '../../components/button.tsx';
import { ApiError } from '../../lib/api.ts';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { findProvider, known } from './catalog.ts';
import { useCredentialActions } from './data.ts';
import { providerMessages } from './messages.ts';

interface RowProps {
  readonly item: Recognised;
  readonly chosen: string;
  readonly onChoose: (provider: string) => void;
}

/** Never the key: where it came from, and whose it seems to be. */
function FoundRow({ item, chosen, onChoose }: RowProps): ReactNode {
  const t = useMessages(providerMessages);
  const id = useId();
  const options = item.providers.length > 0 ? item.providers : known.map((provider) => provider.id);
  const key = item.fields['apiKey'] ?? Object.values(item.fields)[0] ?? '';
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 py-2.5 text-sm">
      <KeyRound size={16} aria-hidden className="shrink-0 text-muted" />
      <span className="min-w-0 flex-1 truncate">{item.name ?? `${key.slice(0, 4)}…${key.slice(-2)}`}</span>
      {item.providers.length === 1 ? (
        <span className="font-medium">{findProvider(chosen)?.name ?? chosen}</span>
      ) : (
        <>
          <label htmlFor={id} className="sr-only">
            {t.choose}
          </label>
          <select
            id={id}
            value={chosen}
            onChange={({ target }) => onChoose(target.value)}
            className="min-h-9 max-w-full rounded-xl border border-line-strong bg-page px-2 text-sm"
          >
            <option value="">{t.chooseProvider}</option>
            {options.map((provider) => (
              <option key={provider} value={provider}>
                {findProvider(provider)?.name ?? provider}
              </option>
            ))}
          </select>
        </>
      )}
    </li>
  );
}

interface Found {
  readonly item: Recognised;
  readonly provider: string;
}

function useAdding(): { readonly busy: boolean; readonly add: (found: readonly Found[]) => Promise<number[]> } {
  const t = useMessages(providerMessages);
  const { give } = useCredentialActions();
  const { show } = useToasts();
  const [busy, setBusy] = useState(false);
  const addOne = async ({ item, provider }: Found): Promise<boolean> => {
    const name = findProvider(provider)?.name ?? provider;
    try {
      const { last_test: test } = await give({ provider, fields: item.fields });
      show(test === null || test.outcome === 'works' ? t.added(name) : t.addedBut(name, test.message));
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      show(`${name}: ${error.message}`);
      return false;
    }
  };
  return {
    busy,
    add: async (found) => {
      setBusy(true);
      try {
        const done = await Promise.all(found.map(addOne));
        return done.flatMap((ok, index) => (ok ? [] : [index]));
      } finally {
        setBusy(false);
      }
    },
  };
}

interface Paste {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly found: readonly Found[];
  readonly unknown: readonly string[];
  readonly ready: readonly Found[];
  readonly choose: (index: number, provider: string) => void;
  /** Drops the text once all of it was saved, and all choices. */
  readonly done: (isWhole: boolean) => void;
}

function usePaste(): Paste {
  const [text, setText] = useState('');
  const [choices, setChoices] = useState<Readonly<Record<number, string>>>({});
  const { found: items, unknown } = useMemo(() => recognise(text, known), [text]);
  const sure = ({ providers }: Recognised): string => (providers.length === 1 ? (providers[0] ?? '') : '');
  const found = items.map((item, index) => ({ item, provider: choices[index] ?? sure(item) }));
  return {
    text,
    setText,
    found,
    unknown,
    ready: found.filter(({ provider }) => provider !== ''),
    choose: (index, provider) => setChoices((before) => ({ ...before, [index]: provider })),
    done: (isWhole) => {
      if (isWhole) setText('');
      setChoices({});
    },
  };
}

function FoundList({ found, choose }: Pick<Paste, 'found' | 'choose'>): ReactNode {
  if (found.length === 0) return null;
  return (
    <ul className="mt-2 divide-y divide-line">
      {found.map(({ item, provider }, index) => (
        // What stands where is decided by the text alone.
        <FoundRow
          key={`${index}-${item.name ?? ''}`}
          item={item}
          chosen={provider}
          onChoose={(value) => choose(index, value)}
        />
      ))}
    </ul>
  );
}

/** The field, what was recognised in it, and the button that adds it. */
export function PasteBox(): ReactNode {
  const t = useMessages(providerMessages);
  const id = useId();
  const { text, setText, found, unknown, ready, choose, done } = usePaste();
  const { busy, add } = useAdding();
  const submit = async (): Promise<void> => {
    const failed = await add(ready);
    done(failed.length === 0 && ready.length === found.length);
  };
  return (
    <form
      className="rounded-2xl border border-line bg-raised p-4"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label htmlFor={id} className="text-sm font-medium">
        {t.pasteLabel}
      </label>
      <textarea
        id={id}
        value={text}
        onChange={({ target }) => setText(target.value)}
        placeholder={t.pastePlaceholder}
        rows={text.includes('\n') ? 6 : 2}
        spellCheck={false}
        autoComplete="off"
        aria-describedby={`${id}-hint`}
        className="mt-2 w-full resize-y rounded-xl border border-line-strong bg-page px-3 py-2 font-mono text-sm"
      />
      <p id={`${id}-hint`} className="mt-1 text-xs text-muted">
        {t.pasteHint}
      </p>
      <FoundList found={found} choose={choose} />
      {unknown.length > 0 && <p className="mt-2 text-xs text-muted">{t.unknownNames(unknown.join(', '))}</p>}
      <div aria-live="polite" className="mt-3 flex items-center gap-3">
        {text !== '' && found.length === 0 && <p className="text-sm text-muted">{t.nothingFound}</p>}
        {found.length > 0 && (
          <Button type="submit" look="primary" disabled={busy || ready.length === 0}>
            {busy ? t.adding : t.add(Math.max(1, ready.length))}
          </Button>
        )}
      </div>
    </form>
  );
}
