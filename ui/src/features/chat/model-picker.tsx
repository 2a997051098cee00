// Picks who answers: automatic modes, a model at any provider, or at one.
import { ChevronDown, Sparkles } from 'lucide-react';
import type { ReactNode } from 'react';
import { Chooser, type Option } from '../../components/chooser.tsx';
import { Popover } from '../../components/popover.tsx';
import { TierBadge } from '../../components/tier-badge.tsx';
import { formatCompact } from '../../lib/format.ts';
import { useLanguage, useMessages } from '../../lib/messages.ts';
import { chatMessages } from './messages.ts';
import { useModels, type Model } from './models.ts';

/** A model's name without its provider. */
export const toModelName = (id: string): string => id.slice(id.indexOf('/') + 1);

function useOptions(): Option[] {
  const t = useMessages(chatMessages);
  const language = useLanguage();
  const { models = [] } = useModels();
  const toHint = ({ freeway: { context, providers, capabilities } }: Model): string =>
    [
      providers.length > 1 ? t.providers(providers.length) : providers[0],
      context === null ? null : t.context(formatCompact(context, language)),
      capabilities.includes('vision') ? t.reads : null,
    ]
      .filter(Boolean)
      .join(' · ');
  return models.map((model) => {
    const { id, freeway } = model;
    const auto = t.autoNames[id];
    if (auto) return { id, label: auto[0], hint: auto[1], keywords: id, group: t.groups.auto };
    return {
      id,
      label: toModelName(id),
      keywords: id,
      hint: toHint(model),
      group: id.includes('/') ? t.groups.routes : t.groups.families,
      detail: freeway.tier === null ? undefined : <TierBadge tier={freeway.tier} />,
    };
  });
}

interface ModelListProps {
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}

/** The list with its search, for any panel. */
export function ModelList({ chosen, onChoose }: ModelListProps): ReactNode {
  const t = useMessages(chatMessages);
  const options = useOptions();
  const { models, error } = useModels();
  const empty = models === undefined ? (error?.message ?? t.considering) : t.noModel;
  return (
    <div className="flex max-h-[min(28rem,70dvh)] flex-col">
      <Chooser
        options={options}
        chosen={chosen}
        onChoose={onChoose}
        label={t.pickModel}
        placeholder={t.findModel}
        empty={empty}
      />
    </div>
  );
}

/** The button that shows who answers, and opens the list. */
export function ModelPicker({ chosen, onChoose }: ModelListProps): ReactNode {
  const t = useMessages(chatMessages);
  const name = t.autoNames[chosen]?.[0] ?? toModelName(chosen);
  return (
    <Popover
      label={t.pickModel}
      className="w-[min(24rem,calc(100vw-1rem))]"
      trigger={(props) => (
        <button
          type="button"
          {...props}
          className="flex min-h-9 pointer-coarse:min-h-11 min-w-0 items-center gap-1.5 rounded-xl px-2.5 text-sm font-medium hover:bg-hover"
        >
          <Sparkles size={15} aria-hidden className="shrink-0 text-accent" />
          <span className="sr-only">{t.pickModel}:</span>
          <span className="max-w-40 truncate sm:max-w-56">{name}</span>
          <ChevronDown size={14} aria-hidden className="shrink-0 text-muted" />
        </button>
      )}
    >
      {(close) => (
        <ModelList
          chosen={chosen}
          onChoose={(id) => {
            onChoose(id);
            close();
          }}
        />
      )}
    </Popover>
  );
}
