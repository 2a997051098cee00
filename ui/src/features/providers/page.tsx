// Providers: sixty seconds from nothing to a key that works, and everything that can be done with it afterwards.
import { Plus } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Failed } from '../../components/failed.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useCredentials } from './data.ts';
import { FormDialog } from './form.tsx';
import { FreeOffers } from './free-offers.tsx';
import { CredentialList } from './list.tsx';
import { LocalServers } from './local-servers.tsx';
import { providerMessages } from './messages.ts';
import { PasteBox } from './paste-box.tsx';

function Waiting(): ReactNode {
  return (
    <div
      aria-hidden
      className="mt-8 animate-pulse rounded-2xl border border-line bg-raised px-4 motion-reduce:animate-none"
    >
      {[0, 1, 2].map((row) => (
        <div key={row} className="flex items-center gap-3 py-4">
          <div className="h-4 w-32 rounded bg-tint" />
          <div className="h-4 flex-1 rounded bg-tint" />
        </div>
      ))}
    </div>
  );
}

/** The page. */
export function ProvidersPage(): ReactNode {
  const t = useMessages(providerMessages);
  const { credentials, failure, retry } = useCredentials();
  const [adding, setAdding] = useState(false);
  useEffect(() => {
    document.title = `${t.title} · Freeway`;
  }, [t]);
  const have = new Set((credentials ?? []).filter(({ source }) => source !== 'shared').map(({ provider }) => provider));
  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto w-full max-w-3xl px-4 py-8 md:px-8 md:py-12">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h1 className="text-2xl font-semibold tracking-tight">{t.title}</h1>
          <Button small onClick={() => setAdding(true)}>
            <Plus size={15} aria-hidden />
            {t.byHand}
          </Button>
        </div>
        <p className="mt-1 mb-5 text-sm text-muted">{t.intro}</p>
        <PasteBox />
        {credentials !== undefined && <LocalServers have={have} />}
        {failure !== null && credentials === undefined && (
          <div className="mt-6">
            <Failed title={t.failed} message={failure.message} retry={t.retry} onRetry={retry} />
          </div>
        )}
        {failure === null && credentials === undefined && <Waiting />}
        {credentials !== undefined && <CredentialList credentials={credentials} />}
        <FreeOffers have={have} />
        <FormDialog open={adding} onClose={() => setAdding(false)} />
      </div>
    </main>
  );
}
