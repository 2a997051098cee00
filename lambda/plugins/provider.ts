// The provider that stands for packages of the Vercel AI SDK: what an entry names with `plugin`.
import type { Provider } from '#shared/catalog.ts';

/** Where calls to packages lead: `plugin:///<package>/<options>`. */
export const PLUGIN_SCHEME = 'plugin:///';

/** Like any OpenAI-compatible endpoint, but that a package answers. Only configuration can name it, never people's credentials. */
export const pluginProvider: Provider = {
  id: 'plugin',
  name: 'A package of the Vercel AI SDK',
  status: 'active',
  wire: 'openai-chat',
  dialect: 'generic',
  baseUrl: `${PLUGIN_SCHEME}{plugin}/{options}`,
  paths: {},
  auth: { scheme: 'bearer' },
  fields: [
    { name: 'plugin', label: 'Package', secret: false, required: true, env: [] },
    { name: 'apiKey', label: 'API key', secret: true, required: false, env: [] },
  ],
  quirks: [],
  defaultPlan: 'paid',
  cardRequired: 'unknown',
  terms: {
    commercial: 'unknown',
    serveOthers: 'unknown',
    trainsOnPrompts: 'unknown',
    hardStopsBeforePaid: 'unknown',
    note: 'Depends on the package.',
  },
  models: [],
  retiredModels: [],
  pools: [],
  notes: [],
  sources: [],
  asOf: '2026-11',
};
