// Model servers on the machine that Freeway runs on: looked for when asked, at the addresses they have by default.
import { Search } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Provider } from '#shared/catalog.ts';
import { Button } from '../../components/button.tsx';
import { ApiError } from '../../lib/api.ts';
import { useMessages } from '../../lib/messages.ts';
import { useSession } from '../../lib/session.tsx';
import { useToasts } from '../../lib/toasts.tsx';
import { localProviders } from './catalog.ts';
import { useCredentialActions } from './data.ts';
import { providerMessages } from './messages.ts';

interface FoundServer {
  readonly provider: Provider;
  readonly address: string;
  readonly models: number;
}

type Look = 'not-yet' | 'looking' | readonly FoundServer[];

const toAddress = ({ fields }: Provider): string => fields.find(({ name }) => name === 'baseUrl')?.default ?? '';

function useLooking(): { readonly look: Look; readonly start: () => Promise<void> } {
  const { tryOut } = useCredentialActions();
  const [look, setLook] = useState<Look>('not-yet');
  const ask = async (provider: Provider): Promise<FoundServer | null> => {
    const address = toAddress(provider);
    try {
      const { outcome, models } = await tryOut({ provider: provider.id, fields: { baseUrl: address } });
      const listed = models?.length ?? 0;
      return outcome === 'works' || listed > 0 ? { provider, address, models: listed } : null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return null;
    }
  };
  return {
    look,
    start: async () => {
      setLook('looking');
      const all = await Promise.all(localProviders.map(ask));
      setLook(all.filter((found) => found !== null));
    },
  };
}

function Found({ server }: { readonly server: FoundServer }): ReactNode {
  const t = useMessages(providerMessages);
  const { give } = useCredentialActions();
  const { show } = useToasts();
  const [state, setState] = useState<'offered' | 'adding' | 'added'>('offered');
  const { provider, address, models } = server;
  const add = async (): Promise<void> => {
    setState('adding');
    try {
      await give({ provider: provider.id, fields: { baseUrl: address } });
      setState('added');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      show(error.message);
      setState('offered');
    }
  };
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 py-2.5 text-sm">
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{t.ofCatalog(provider.name)}</span>
        <span className="block truncate text-xs text-muted">
          {address} · {t.modelCount(models)}
        </span>
      </span>
      {state === 'added' ? (
        <span className="text-xs font-medium text-free">{t.addedMark}</span>
      ) : (
        <Button small disabled={state === 'adding'} onClick={() => void add()}>
          {state === 'adding' ? t.adding : t.addServer}
        </Button>
      )}
    </li>
  );
}

/** The offer to look; only where the server is the person's own machine. `have`: providers that are there already. */
export function LocalServers({ have }: { readonly have: ReadonlySet<string> }): ReactNode {
  const t = useMessages(providerMessages);
  const { state } = useSession();
  const { look, start } = useLooking();
  const isHere = 'person' in state && state.mode === 'local';
  if (!isHere || (look === 'not-yet' && localProviders.every(({ id }) => have.has(id)))) return null;
  return (
    <section aria-label={t.localTitle} className="mt-4 rounded-2xl border border-line bg-raised p-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="min-w-0">
          <h2 className="text-sm font-medium">{t.localTitle}</h2>
          <p className="text-xs text-muted">{t.localText}</p>
        </div>
        <Button small disabled={look === 'looking'} onClick={() => void start()}>
          <Search size={15} aria-hidden />
          {look === 'looking' ? t.looking : t.look}
        </Button>
      </div>
      <div role="status">
        {Array.isArray(look) && look.length === 0 && <p className="mt-3 text-sm text-muted">{t.nothingLocal}</p>}
      </div>
      {typeof look === 'object' && look.length > 0 && (
        <ul className="mt-2 divide-y divide-line">
          {look.map((server) => (
            <Found key={server.provider.id} server={server} />
          ))}
        </ul>
      )}
    </section>
  );
}
