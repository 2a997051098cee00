// A search field over a list of options (ARIA combobox): typing narrows it, arrows move, Enter chooses. Pickers and the palette stand on it.
import { Search } from 'lucide-react';
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import { foldText, toWords } from '../lib/found.ts';

export interface Option {
  readonly id: string;
  readonly label: string;
  /** Further words by which it is found. */
  readonly keywords?: string;
  readonly group: string;
  readonly icon?: ReactNode;
  readonly detail?: ReactNode;
  readonly hint?: string;
}

interface ChooserProps {
  readonly options: readonly Option[];
  readonly onChoose: (id: string) => void;
  readonly label: string;
  readonly placeholder: string;
  readonly empty: string;
  readonly chosen?: string;
}

function filterOptions(options: readonly Option[], text: string): readonly Option[] {
  const words = toWords(text);
  if (words.length === 0) return options;
  return options.filter(({ label, keywords = '', group }) => {
    const where = foldText(`${label} ${keywords} ${group}`);
    return words.every((word) => where.includes(word));
  });
}

const moves: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  PageDown: (at, count) => Math.min(at + 8, count - 1),
  PageUp: (at) => Math.max(at - 8, 0),
};

interface ChooserState {
  readonly text: string;
  readonly shown: readonly Option[];
  /** Index of the option that Enter chooses. */
  readonly at: number;
  readonly listId: string;
  readonly search: (text: string) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

const toOptionId = (listId: string, index: number): string => `${listId}-${String(index)}`;

function useChooser({ options, onChoose, chosen }: ChooserProps): ChooserState {
  const [text, setText] = useState('');
  const [activeId, setActiveId] = useState(chosen ?? null);
  const listId = useId();
  const shown = filterOptions(options, text);
  const at = Math.max(
    0,
    shown.findIndex(({ id }) => id === activeId),
  );
  const activate = (index: number): void => {
    setActiveId(shown[index]?.id ?? null);
    document.querySelector(`[id="${toOptionId(listId, index)}"]`)?.scrollIntoView({ block: 'nearest' });
  };
  return {
    text,
    shown,
    at,
    listId,
    search: (wanted) => {
      setText(wanted);
      setActiveId(null);
    },
    onKeyDown: (event) => {
      if (event.nativeEvent.isComposing || shown.length === 0) return;
      const move = moves[event.key];
      if (move) activate(move(at, shown.length));
      else if (event.key === 'Enter') onChoose(shown[at]?.id ?? '');
      else return;
      event.preventDefault();
    },
  };
}

function Nothing({ text }: { readonly text: string }): ReactNode {
  return (
    <p role="status" className="px-4 py-6 text-center text-sm text-muted">
      {text}
    </p>
  );
}

/** The field and its list. */
export function Chooser(props: ChooserProps): ReactNode {
  const { onChoose, label, placeholder, empty, chosen } = props;
  const { text, shown, at, listId, search, onKeyDown } = useChooser(props);
  const groups = [...new Set(shown.map(({ group }) => group))];
  return (
    <div className="flex max-h-[inherit] min-h-0 flex-col">
      <label className="flex items-center gap-2 border-b border-line px-4">
        <Search size={16} aria-hidden className="shrink-0 text-muted" />
        <input
          autoFocus
          role="combobox"
          aria-label={label}
          aria-expanded={shown.length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={shown.length === 0 ? undefined : toOptionId(listId, at)}
          autoComplete="off"
          spellCheck={false}
          className="h-12 w-full bg-transparent text-base outline-none"
          placeholder={placeholder}
          value={text}
          onChange={({ target }) => search(target.value)}
          onKeyDown={onKeyDown}
        />
      </label>
      {shown.length === 0 && <Nothing text={empty} />}
      <div
        id={listId}
        role="listbox"
        aria-label={label}
        tabIndex={-1}
        hidden={shown.length === 0}
        className="min-h-0 flex-1 overflow-y-auto p-1.5"
      >
        {groups.map((group) => (
          <div key={group} role="group" aria-label={group}>
            <div aria-hidden className="px-3 pt-2.5 pb-1 text-xs font-medium text-muted">
              {group}
            </div>
            {shown.map((option, index) =>
              option.group === group ? (
                <OptionRow
                  key={option.id}
                  id={toOptionId(listId, index)}
                  option={option}
                  active={index === at}
                  chosen={option.id === chosen}
                  onChoose={onChoose}
                />
              ) : null,
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

interface OptionRowProps {
  readonly id: string;
  readonly option: Option;
  readonly active: boolean;
  readonly chosen: boolean;
  readonly onChoose: (id: string) => void;
}

function OptionRow({ id, option, active, chosen, onChoose }: OptionRowProps): ReactNode {
  return (
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={active}
      aria-current={chosen ? 'true' : undefined}
      className={`flex min-h-11 cursor-pointer items-center gap-3 rounded-xl px-3 py-1.5 text-sm ${active ? 'bg-hover' : 'hover:bg-tint'}`}
      onClick={() => onChoose(option.id)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') onChoose(option.id);
      }}
    >
      {option.icon !== undefined && <span className="text-muted">{option.icon}</span>}
      <span className="min-w-0 flex-1">
        <span className={`block wrap-anywhere ${chosen ? 'font-semibold' : ''}`}>{option.label}</span>
        {option.hint !== undefined && <span className="block truncate text-xs text-muted">{option.hint}</span>}
      </span>
      {option.detail}
    </div>
  );
}
