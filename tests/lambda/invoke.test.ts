// Direct invokes of the bundle under the official runtime client, over a real DynamoDB engine, a secret and simulated providers.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endpointConfigurationSchema } from '#shared/invoke.ts';
import { createInvokeSettings } from '#lambda/store/invoke-settings.ts';
import { startEmulator, type Emulator } from '../../scripts/lambda-emulator/emulator.ts';
import { OWNER_KEY, toEntry } from '../e2e/local.ts';
import { engineMissing } from '../fakes/dynamo-engine.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { startSecretsServer, type SecretsServer } from '../fakes/secrets-manager.ts';
import { useStage } from './stage.ts';

const samples = JSON.parse(
  readFileSync(new URL('../fixtures/invoke/call_llm_rust.test_events.json', import.meta.url), 'utf8'),
) as Record<string, { provider_config: Record<string, unknown> }>;
const messages = [{ role: 'user', content: 'hello' }];

describe.skipIf(engineMissing !== null)(
  `direct invoke${engineMissing === null ? '' : ` (skipped: ${engineMissing})`}`,
  () => {
    const { bundleDir, engine, openTable } = useStage();
    let emulator: Emulator;
    let secrets: SecretsServer;
    let provider: FakeProvider;
    let server: FakeServer;
    let table: string;

    beforeEach(async () => {
      const models = [
        { id: 'm1', ttftMs: 5 },
        { id: 'gpt-4o-mini', ttftMs: 5 },
        { id: 'other', ttftMs: 5 },
      ];
      provider = createFakeProvider({ name: 'alpha', models, keepEvents: 100 }, { now: Date.now });
      server = await serveFakeProvider(provider);
      secrets = await startSecretsServer({
        '/ai-agent/llm-secrets/prod': '{"OPENAI_API_KEY":"canary-pinned-key-5c1d"}',
        settings: JSON.stringify({
          FREEWAY_OWNER_KEY: OWNER_KEY,
          FREEWAY_PROVIDERS: JSON.stringify([toEntry('alpha', server.baseUrl)]),
        }),
      });
      const opened = await openTable();
      table = opened.table;
      // The owner's key comes with the secret.
      const { FREEWAY_OWNER_KEY: _, ...env } = opened.env;
      emulator = await startEmulator({
        bundleDir: bundleDir(),
        env: {
          ...env,
          AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
          FREEWAY_SECRET_ID: 'settings',
          FREEWAY_METRICS: 'emf',
        },
      });
    });
    afterEach(async () => {
      await emulator.close();
      await server.close();
      await secrets.close();
    });

    const invoke = async (payload: unknown): Promise<{ failed: boolean; answer: Record<string, unknown> }> => {
      const { functionError, payload: text } = await emulator.directInvoke(payload);
      return { failed: functionError, answer: JSON.parse(text) as Record<string, unknown> };
    };
    const pinned = (name: string, more: Record<string, unknown> = {}): Record<string, unknown> => {
      const sample = samples[name];
      const endpoint = `${server.baseUrl}/chat/completions`;
      return { ...sample, provider_config: { ...sample?.provider_config, endpoint, ...more } };
    };

    it('answers a chat with the credentials of the secret, and says who answered', async () => {
      const { failed, answer } = await invoke({ operation: 'chat', messages });
      expect(failed).toBe(false);
      expect(answer).toMatchObject({
        message: { role: 'assistant', content: [{ type: 'text', text: expect.stringMatching(/\w/) }] },
        function_calls: [],
        metadata: { provider_id: 'openai-compatible', model_id: 'm1', credential: 'alpha', tier: 'free', attempts: 1 },
      });
    });

    it.each(['openai_simple_test', 'openai_tool_calling_test', 'conversation_with_tool_result_openai'])(
      '%s: calls the endpoint that the payload pins, with the key of its secret',
      async (name) => {
        const { failed, answer } = await invoke(pinned(name));
        expect(answer).toMatchObject({ metadata: { provider_id: 'openai', model_id: 'gpt-4o-mini', attempts: 1 } });
        expect(failed).toBe(false);
        expect(provider.books().lines()).toMatchObject([
          { key: 'canary-pinned-key-5c1d', model: 'gpt-4o-mini', served: 1 },
        ]);
      },
    );

    it('calls an endpoint whose name is not one of the catalog', async () => {
      const { failed, answer } = await invoke(pinned('openai_simple_test', { provider_id: 'my_llm.v2' }));
      expect(answer).toMatchObject({ metadata: { provider_id: 'my_llm.v2', model_id: 'gpt-4o-mini' } });
      expect(failed).toBe(false);
    });

    it('tells errors by names that Retry and Catch can match, without a key in them', async () => {
      const cases: [unknown, string][] = [
        [{ operation: 'chat' }, 'InvalidRequest'],
        [{ operation: 'dance', messages }, 'InvalidRequest'],
        [{ messages, model: 'no-such-model' }, 'ModelNotFound'],
        [{ messages, endpoint: 'planner' }, 'NotFound'],
        [pinned('openai_simple_test', { secret_key_name: 'OTHER_KEY' }), 'NoCandidate'],
        [
          pinned('openai_simple_test', { endpoint: 'http://127.0.0.1:9/v1/chat/completions', timeout: 15 }),
          'UpstreamFailed',
        ],
      ];
      for (const [payload, errorType] of cases) {
        const { failed, answer } = await invoke(payload);
        expect(answer).toMatchObject({ errorType });
        expect(failed).toBe(true);
        expect(JSON.stringify(answer) + emulator.logs()).not.toContain('canary');
      }
    });

    it("tells CloudWatch which failures are their callers', as of when Lambda counts them among its errors", async () => {
      const beforeMs = Date.now();
      expect((await invoke({ operation: 'dance' })).failed).toBe(true);
      const afterMs = Date.now();
      await emulator.instances()[0]?.free();
      const line = emulator
        .logs()
        .split('\n')
        .find((one) => one.includes('freeway_invoke_refusals_total'));
      const told = JSON.parse(line ?? '{}') as { _aws: { Timestamp: number } };
      expect(told).toMatchObject({ FunctionName: 'emulated', freeway_invoke_refusals_total: 1 });
      expect(told._aws.Timestamp).toBeGreaterThanOrEqual(beforeMs);
      expect(told._aws.Timestamp).toBeLessThanOrEqual(afterMs);
    });

    it('repeats no key and no address that a payload holds in the wrong place: the runtime logs errors as they are', async () => {
      const { answer } = await invoke({ messages, model: 'gsk_canary0123456789abcdef of ann.canary@example.com' });
      expect(answer).toMatchObject({ errorType: 'ModelNotFound', errorMessage: expect.stringContaining('[redacted]') });
      expect(answer).toMatchObject({ errorMessage: expect.stringMatching(/request req_[0-9a-z]{24}/) });
      expect(JSON.stringify(answer) + emulator.logs()).not.toContain('canary');
    });

    it('is Internal when nothing can be opened: a name that Retry matches', async () => {
      secrets.secrets.set('settings', JSON.stringify({ FREEWAY_OWNER_KEY: 'short' }));
      const { failed, answer } = await invoke({ messages });
      expect(failed).toBe(true);
      expect(answer).toMatchObject({ errorType: 'Internal', errorMessage: expect.stringContaining('could not start') });
      expect(emulator.logs()).toContain('FREEWAY_OWNER_KEY must be at least 32');
    });

    it('lays the parameters of a named endpoint under the payload, for the agents it is assigned to', async () => {
      const store = engine().openStore(table);
      const settings = createInvokeSettings(store, Date.now);
      const endpoint = {
        name: 'planner',
        parameters: { max_tokens: 5, temperature: 0.1 },
        overrides: { temperature: 0.9 },
      };
      await settings.writeEndpoint(endpointConfigurationSchema.parse({ ...endpoint, model: 'm1' }));
      await settings.writeEndpoint(
        endpointConfigurationSchema.parse({ name: 'closed', model: 'm1', allowedCallers: ['evaluation'] }),
      );
      await settings.writeAssignment({ agent: 'sql', environment: 'prod', endpoint: 'planner', enabled: true });
      await store.close();
      const { answer } = await invoke({ messages, agent: 'sql', environment: 'prod', temperature: 0.2 });
      expect(answer).toMatchObject({
        metadata: { model_id: 'm1', tokens_used: { output_tokens: 5 }, stop_reason: 'length' },
      });
      expect((await invoke({ messages, agent: 'sql', environment: 'test' })).answer).toMatchObject({
        errorType: 'NotFound',
      });
      expect((await invoke({ messages, endpoint: 'closed' })).answer).toMatchObject({ errorType: 'Forbidden' });
      expect((await invoke({ messages, endpoint: 'closed', caller: 'evaluation' })).failed).toBe(false);
    });
  },
);
