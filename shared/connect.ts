// How clients are told to use Freeway: which files, variables or steps each of them takes. Shown by the web app, written by `npm run connect`.

/** What a client is to use. */
export interface ConnectTarget {
  /** Where Freeway answers, without a trailing slash. */
  readonly url: string;
  readonly apiKey: string;
  readonly model: string;
}

/** A part of a configuration file. `path` begins with `~/`, the home folder. */
export type ConnectFile =
  | { readonly path: string; readonly format: 'json' | 'yaml'; readonly merge: Readonly<Record<string, unknown>> }
  | { readonly path: string; readonly format: 'env'; readonly variables: Readonly<Record<string, string>> }
  | { readonly path: string; readonly format: 'toml'; readonly block: string };

/** All a client takes. */
export interface ClientSetup {
  readonly name: string;
  readonly files: readonly ConnectFile[];
  /** What people must do themselves, in order. */
  readonly steps: readonly string[];
}

type ToSetup = (target: ConnectTarget) => ClientSetup;

const quote = (text: string): string => JSON.stringify(text);

const claudeCode: ToSetup = ({ url, apiKey }) => ({
  name: 'Claude Code',
  files: [
    {
      path: '~/.claude/settings.json',
      format: 'json',
      merge: { env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: apiKey } },
    },
  ],
  steps: ['Start "claude" anew. Its models are served by free ones of the same rank.'],
});

const codex: ToSetup = ({ url, apiKey, model }) => ({
  name: 'Codex',
  files: [
    {
      // A profile has a file of its own; its name is that of the profile.
      path: '~/.codex/freeway.config.toml',
      format: 'toml',
      block: [
        'model_provider = "freeway"',
        `model = ${quote(model)}`,
        '',
        '[model_providers.freeway]',
        'name = "Freeway"',
        `base_url = ${quote(`${url}/v1`)}`,
        'wire_api = "responses"',
        `http_headers = { Authorization = ${quote(`Bearer ${apiKey}`)} }`,
      ].join('\n'),
    },
  ],
  steps: ['Start it with "codex --profile freeway".'],
});

const opencode: ToSetup = ({ url, apiKey, model }) => ({
  name: 'opencode',
  files: [
    {
      path: '~/.config/opencode/opencode.json',
      format: 'json',
      merge: {
        $schema: 'https://opencode.ai/config.json',
        provider: {
          freeway: {
            npm: '@ai-sdk/openai-compatible',
            name: 'Freeway',
            options: { baseURL: `${url}/v1`, apiKey },
            models: { [model]: { name: model } },
          },
        },
      },
    },
  ],
  steps: [`Choose "freeway/${model}" with /models.`],
});

const geminiCli: ToSetup = ({ url, apiKey }) => ({
  name: 'Gemini CLI',
  files: [
    {
      path: '~/.gemini/.env',
      format: 'env',
      variables: { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: apiKey },
    },
    {
      // Where it is not told how to sign in, it takes the URL for a gateway, which it refuses without a screen.
      path: '~/.gemini/settings.json',
      format: 'json',
      merge: { security: { auth: { selectedType: 'gemini-api-key' } } },
    },
  ],
  steps: ['Start "gemini" anew.'],
});

const aider: ToSetup = ({ url, apiKey, model }) => ({
  name: 'aider',
  files: [
    {
      path: '~/.aider.conf.yml',
      format: 'yaml',
      merge: { 'openai-api-base': `${url}/v1`, 'openai-api-key': apiKey, model: `openai/${model}` },
    },
  ],
  steps: ['Start "aider" anew.'],
});

const continueDev: ToSetup = ({ url, apiKey, model }) => ({
  name: 'Continue',
  files: [
    {
      path: '~/.continue/config.yaml',
      format: 'yaml',
      merge: {
        name: 'Local Assistant',
        version: '1.0.0',
        schema: 'v1',
        models: [
          {
            name: 'Freeway',
            provider: 'openai',
            model,
            apiBase: `${url}/v1`,
            apiKey,
            roles: ['chat', 'edit', 'apply'],
          },
        ],
      },
    },
  ],
  steps: ['Choose the model "Freeway" in its panel.'],
});

const cline: ToSetup = ({ url, apiKey, model }) => ({
  name: 'Cline',
  files: [],
  steps: [
    'Open its settings and choose the API provider "OpenAI Compatible".',
    `Base URL: ${url}/v1`,
    `API key: ${apiKey}`,
    `Model ID: ${model}`,
  ],
});

const cursor: ToSetup = ({ url, apiKey, model }) => ({
  name: 'Cursor',
  files: [],
  steps: [
    'Open Settings, Models, API Keys. Cursor calls from its own servers: the URL must be reachable from outside.',
    `OpenAI API key: ${apiKey}`,
    `Override OpenAI base URL: ${url}/v1`,
    `Add the model "${model}" and choose it.`,
  ],
});

/** The clients that can be told, by their ids. */
export const connectClients: Readonly<Record<string, ToSetup>> = {
  'claude-code': claudeCode,
  codex,
  opencode,
  'gemini-cli': geminiCli,
  cline,
  aider,
  continue: continueDev,
  cursor,
};
