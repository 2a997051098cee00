// The providers there are: those of the catalog, and after them what admins have added at run time.
import type { Provider } from '#shared/catalog.ts';
import { toProvider } from '#shared/template.ts';
import type { Platform } from './deps.ts';
import type { StoredTemplate, TemplateStore } from './ports-settings.ts';

/** What is known of providers. */
export interface KnownProviders {
  /** Another list only when something has changed. */
  readonly providers: () => readonly Provider[];
  /** To be waited for until it is known what was added; null once it is, or the store has failed to tell. */
  readonly firstLook: () => Promise<void> | null;
}

const toDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The catalog and the store's templates. `onChange` is called when another list comes into force. */
export function createProviders(
  { providers: catalog, log }: Platform,
  templates: TemplateStore,
  onChange: () => void,
): KnownProviders {
  const ids = new Set(catalog.map(({ id }) => id));
  let from: readonly StoredTemplate[] = [];
  let stamp = '';
  let providers = catalog;
  let looking: Promise<void> | null = null;
  let hasLooked = false;
  return {
    providers: () => {
      const known = templates.known();
      if (known === null || known === from) return providers;
      from = known;
      const now = JSON.stringify(known);
      if (now === stamp) return providers;
      stamp = now;
      const added = known.filter(({ template, deletedAtMs }) => deletedAtMs === null && !ids.has(template.id));
      providers = [...catalog, ...added.map(({ template, changedAtMs }) => toProvider(template, toDay(changedAtMs)))];
      onChange();
      return providers;
    },
    firstLook: () => {
      if (hasLooked) return null;
      looking ??= templates
        .read()
        .catch((error: unknown) =>
          log.warn('templates.unread', { error: error instanceof Error ? error.name : typeof error }),
        )
        .then(() => void (hasLooked = true));
      return looking;
    },
  };
}
