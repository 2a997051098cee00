// A .env file, or an environment as JSON: keys by today's names and by every older spelling.
import type { Provider } from '../catalog.ts';
import { recognise } from '../recognise.ts';
import { joinMigrations, nothingFound, type FoundSetting, type Migration } from './found.ts';
import { toFoundCredential } from './provider-entry.ts';

type Variables = Readonly<Record<string, string>>;

const LINE = /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/;

/** The variables of a .env file; null when it is none. */
export function parseEnv(text: string): Variables | null {
  const variables: Record<string, string> = {};
  for (const line of text.split(/\r?\n/).map((part) => part.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name, raw] = LINE.exec(line) ?? [];
    if (name === undefined || raw === undefined) return null;
    variables[name] = /^(["'])(.*)\1$/.exec(raw)?.[2] ?? raw.replace(/\s+#.*$/, '').trim();
  }
  return Object.keys(variables).length === 0 ? null : variables;
}

/** The fields of the older numbered spellings: by prefix, where the number stands last. */
const spellings: readonly Readonly<Record<'type' | 'key' | 'endpoint' | 'model' | 'rate' | 'allowed' | 'priority', string>>[] = [
  { type: 'LLAMDA_LLM_PROXY_PROVIDER_TYPE_', key: 'LLAMDA_LLM_PROXY_PROVIDER_KEY_', endpoint: 'LLAMDA_LLM_PROXY_PROVIDER_ENDPOINT_', model: 'LLAMDA_LLM_PROXY_PROVIDER_MODEL_', rate: 'LLAMDA_LLM_PROXY_PROVIDER_RATE_LIMIT_', allowed: 'LLAMDA_LLM_PROXY_PROVIDER_ALLOWED_MODELS_', priority: 'LLAMDA_LLM_PROXY_PROVIDER_PRIORITY_' },
  { type: 'P_T', key: 'P_K', endpoint: 'P_E', model: 'P_M', rate: 'P_RL', allowed: 'P_AM', priority: 'P_P' },
  { type: 'LP_TYPE_', key: 'LP_KEY_', endpoint: 'LP_ENDPOINT_', model: 'LP_MODEL_', rate: 'LP_RATE_LIMIT_', allowed: 'LP_ALLOWED_MODELS_', priority: 'LP_PRIORITY_' },
]; // prettier-ignore

/** Variables of older spellings by those of today. */
const renamed: Readonly<Record<string, string>> = {
  ALLOWED_EMAILS: 'ALLOWED_EMAILS', ALLOW_EM: 'ALLOWED_EMAILS', GOOGLE_CLIENT_ID: 'GOOGLE_CLIENT_ID', GGL_CID: 'GOOGLE_CLIENT_ID',
  GROQ_MODEL: 'preferences.model', OPENAI_MODEL: 'preferences.model',
}; // prettier-ignore

const toTexts = (text: string | undefined): string[] => (text ?? '').split(',').map((part) => part.trim()).filter((part) => part !== ''); // prettier-ignore
const toPositive = (text: string | undefined): number | null => (Number(text) > 0 ? Number(text) : null);

function fromNumbered(variables: Variables, providers: readonly Provider[], used: Set<string>): Migration {
  let found = nothingFound('');
  for (const spelling of spellings) {
    for (let n = 0; n < 100; n++) {
      const name = (field: keyof typeof spelling): string => `${spelling[field]}${n}`;
      const read = (field: keyof typeof spelling): string => variables[name(field)]?.trim() ?? '';
      if (read('type') === '') continue;
      for (const field of Object.keys(spelling) as (keyof typeof spelling)[]) used.add(name(field));
      const priority = read('priority');
      const older = {
        type: read('type'),
        key: read('key'),
        endpoint: read('endpoint'),
        models: toTexts(read('model')),
        allowedModels: toTexts(read('allowed')),
        tokensPerMinute: toPositive(read('rate')),
        requestsPerMinute: null,
        priority: priority === '' ? null : Number(priority),
        enabled: true,
        name: null,
      };
      const credential = toFoundCredential(older, name('type'), providers);
      if (credential !== null) found = { ...found, credentials: [...found.credentials, credential] };
      else
        found = {
          ...found,
          notes: [
            ...found.notes,
            `${name('type')}: the catalog knows no provider "${older.type}", and it has no address.`,
          ],
        };
    }
  }
  return found;
}

/** Reads variables. null: there is nothing of ours among them. */
export function migrateEnv(variables: Variables, providers: readonly Provider[]): Migration | null {
  const used = new Set<string>();
  const numbered = fromNumbered(variables, providers, used);
  const plain = Object.entries(variables).filter(([name]) => !used.has(name));
  const { found } = recognise(plain.map(([name, value]) => `${name}=${value}`).join('\n'), providers);
  for (const { name } of found) if (name !== null) used.add(name);
  const settings: FoundSetting[] = [];
  const unknown: Record<string, unknown> = {};
  for (const [name, value] of plain) {
    const to = renamed[name];
    if (used.has(name) || found.some(({ fields }) => Object.values(fields).includes(value))) continue;
    if (to !== undefined && value !== '') settings.push({ from: name, to, value });
    // Only the name is kept of what may be a secret.
    else unknown[name] = /KEY|SECRET|TOKEN|PASSWORD/i.test(name) ? '' : value;
  }
  const keys = found.map(({ providers: [provider = ''], fields, name }) => ({
    from: name ?? '',
    input: { provider, fields: { ...fields } },
  }));
  const all = joinMigrations(
    { ...nothingFound('environment variables'), credentials: keys, settings, unknown },
    numbered,
  );
  return all.credentials.length + all.settings.length === 0 ? null : all;
}
