// Paste a key or a whole .env: what is recognised, on this device, is shown before anything is sent.
import { KeyRound } from 'lucide-react';
import { useId, useMemo, useState, type ReactNode } from 'react';
import { recognise, type Recognised } from '#shared/recognise.ts';
import { Button } from '../../components/button.tsx';
import { ApiError } from '../../lib/api.ts';
import { useMessages } from '../../lib/messages.ts';
import { useToasts } from '../../lib/toasts.tsx';
import { useUnsent } from '../../lib/unsent.ts';
import { findProvider, known } from './catalog.ts';
import { useCredentialActions } from './data.ts';
import { providerMessages } from './messages.ts';
import { useTestText } from './test-text.ts';

/** What became of an item: it is there now, or why not. */
type Outcome = 'added' | ApiError;

interface RowProps {
  readonly item: Recognised;
  readonly chosen: string;
  readonly outcome: Outcome | undefined;
  readonly onChoose: (provider: string) => void;
}

/** Never the key: where it came from, and whose it seems to be. */
function FoundRow({ item, chosen, outcome, onChoose }: RowProps): ReactNode {
  const t = useMessages(providerMessages);
  const id = useId();
  const options = item.providers.length > 0 ? item.providers : known.map((provider) => provider.id);
  const key = item.fields['apiKey'] ?? Object.values(item.fields)[0] ?? '';
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 py-2.5 text-sm">
      <KeyRound size={16} aria-hidden className="shrink-0 text-muted" />
      <span className="min-w-0 flex-1 truncate">{item.name ?? `${key.slice(0, 4)}…${key.slice(-2)}`}</span>
      {item.providers.length === 1 || outcome === 'added' ? (
        <span className="font-medium">{t.ofCatalog(findProvider(chosen)?.name ?? chosen)}</span>
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
                {t.ofCatalog(findProvider(provider)?.name ?? provider)}
              </option>
            ))}
          </select>
        </>
      )}
      {outcome === 'added' && <span className="text-xs font-medium text-free">{t.addedMark}</span>}
      {outcome instanceof ApiError && <p className="basis-full text-xs text-danger">{outcome.message}</p>}
    </li>
  );
}

interface Found {
  readonly item: Recognised;
  readonly provider: string;
  readonly outcome: Outcome | undefined;
}

/** What tells an item from the others of a text, whatever is added to the text. */
const toId = ({ name, fields }: Recognised): string => JSON.stringify([name, fields]);

function useAdding(): {
  readonly busy: boolean;
  readonly add: (found: readonly Found[]) => Promise<readonly Outcome[]>;
} {
  const t = useMessages(providerMessages);
  const { give } = useCredentialActions();
  const { show } = useToasts();
  const toTestText = useTestText();
  const [busy, setBusy] = useState(false);
  const addOne = async ({ item, provider }: Found): Promise<Outcome> => {
    const name = t.ofCatalog(findProvider(provider)?.name ?? provider);
    try {
      const { last_test: test } = await give({ provider, fields: item.fields });
      show(test === null || test.outcome === 'works' ? t.added(name) : t.addedBut(name, toTestText(test)));
      return 'added';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return error;
    }
  };
  return {
    busy,
    add: async (found) => {
      setBusy(true);
      try {
        return await Promise.all(found.map(addOne));
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
  /** Takes in what became of those that were ready; drops the text once all of it is saved. */
  readonly done: (outcomes: readonly Outcome[]) => void;
}

function usePaste(): Paste {
  const [text, setText] = useUnsent('providers paste', '');
  const [choices, setChoices] = useState<Readonly<Record<number, string>>>({});
  const { found: items, unknown } = useMemo(() => recognise(text, known), [text]);
  const sure = ({ providers }: Recognised): string => (providers.length === 1 ? (providers[0] ?? '') : '');
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map());
  const found = items.map((item, index) => ({
    item,
    provider: choices[index] ?? sure(item),
    outcome: outcomes.get(toId(item)),
  }));
  const ready = found.filter(({ provider, outcome }) => provider !== '' && outcome !== 'added');
  return {
    text,
    setText,
    found,
    unknown,
    ready,
    choose: (index, provider) => setChoices((before) => ({ ...before, [index]: provider })),
    done: (fresh) => {
      const all = new Map(outcomes);
      ready.forEach(({ item }, index) => all.set(toId(item), fresh[index] ?? 'added'));
      if (items.some((item) => all.get(toId(item)) !== 'added')) return setOutcomes(all);
      setText('');
      setChoices({});
      setOutcomes(new Map());
    },
  };
}

function FoundList({ found, choose }: Pick<Paste, 'found' | 'choose'>): ReactNode {
  if (found.length === 0) return null;
  return (
    <ul className="mt-2 divide-y divide-line">
      {found.map(({ item, provider, outcome }, index) => (
        // What stands where is decided by the text alone.
        <FoundRow
          key={`${index}-${item.name ?? ''}`}
          item={item}
          chosen={provider}
          outcome={outcome}
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
    done(await add(ready));
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
