// Where free keys can be had, told honestly: what comes with them, whether a card is asked for, whether prompts train models.
import { ExternalLink } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Provider } from '#shared/catalog.ts';
import { Button } from '../../components/button.tsx';
import { useMessages } from '../../lib/messages.ts';
import { freeOffers } from './catalog.ts';
import { providerMessages } from './messages.ts';

const SHOWN = 6;

function Offer({ provider, has }: { readonly provider: Provider; readonly has: boolean }): ReactNode {
  const t = useMessages(providerMessages);
  const { name, freeOffer, signupUrl, cardRequired, terms } = provider;
  const card = cardRequired === true ? t.card : cardRequired === false ? t.noCard : t.cardUnknown;
  const trains =
    terms.trainsOnPrompts === true ? t.trains : terms.trainsOnPrompts === false ? t.trainsNot : t.trainsUnknown;
  return (
    <li className="flex flex-col gap-2 rounded-2xl border border-line bg-raised p-4">
      <h3 className="text-sm font-semibold">{name}</h3>
      {freeOffer !== undefined && <p className="text-sm text-muted">{t.ofCatalog(freeOffer)}</p>}
      <ul className="mt-auto flex flex-wrap gap-x-3 gap-y-1 text-xs text-muted">
        <li>{card}</li>
        <li>{trains}</li>
      </ul>
      {has ? (
        <p className="text-sm font-medium text-free">{t.have}</p>
      ) : (
        <a
          href={signupUrl}
          target="_blank"
          rel="noreferrer noopener"
          aria-label={`${t.getKey}: ${name} (${t.opensNew})`}
          className="inline-flex min-h-9 items-center gap-1.5 self-start rounded-xl border border-line px-3 text-sm font-medium hover:bg-hover"
        >
          {t.getKey}
          <ExternalLink size={14} aria-hidden />
        </a>
      )}
    </li>
  );
}

/** The offers; those the person has already are marked. */
export function FreeOffers({ have }: { readonly have: ReadonlySet<string> }): ReactNode {
  const t = useMessages(providerMessages);
  const [all, setAll] = useState(false);
  const shown = all ? freeOffers : freeOffers.slice(0, SHOWN);
  return (
    <section className="mt-10" aria-label={t.freeTitle}>
      <h2 className="text-base font-semibold">{t.freeTitle}</h2>
      <p className="text-sm text-muted">{t.freeText}</p>
      <ul className="mt-3 grid gap-3 sm:grid-cols-2">
        {shown.map((provider) => (
          <Offer key={provider.id} provider={provider} has={have.has(provider.id)} />
        ))}
      </ul>
      {!all && freeOffers.length > SHOWN && (
        <Button small className="mt-3" onClick={() => setAll(true)}>
          {t.showAll(freeOffers.length)}
        </Button>
      )}
    </section>
  );
}
