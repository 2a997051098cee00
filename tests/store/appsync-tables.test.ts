import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAppSyncSettings } from '#lambda/store/appsync-tables.ts';
import { engineMissing, startDynamoEngine, type DynamoEngine } from '../fakes/dynamo-engine.ts';

const tables = {
  ProviderTemplate: 'ProviderTemplate-abc123-dev',
  EndpointConfiguration: 'EndpointConfiguration-abc123-dev',
  AgentModelAssignment: 'AgentModelAssignment-abc123-dev',
} as const;

describe.skipIf(engineMissing !== null)('tables of an AppSync app', () => {
  let engine: DynamoEngine;
  let client: DynamoDBClient;

  const put = async (table: keyof typeof tables, ...rows: Record<string, unknown>[]): Promise<void> => {
    const documents = DynamoDBDocumentClient.from(client);
    for (const Item of rows) await documents.send(new PutCommand({ TableName: tables[table], Item }));
  };

  beforeAll(async () => {
    engine = await startDynamoEngine();
    client = engine.client();
    for (const TableName of Object.values(tables)) {
      await client.send(
        new CreateTableCommand({
          TableName,
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          BillingMode: 'PAY_PER_REQUEST',
        }),
      );
    }
  });
  afterAll(async () => {
    client.destroy();
    await engine.close();
  });

  it('become endpoints and agents; rows that make no sense are left out and told of; kept for five minutes', async () => {
    await put('ProviderTemplate', {
      id: 't1',
      providerId: 'openai',
      endpoint: 'https://api.openai.com/v1/chat/completions',
      authHeaderName: 'Authorization',
      authHeaderPrefix: 'Bearer ',
      secretPath: '/ai/prod',
      secretKeyName: 'OPENAI_API_KEY',
      requestTransformer: 'openai_v1',
      customHeaders: '{"x-team":"a"}',
    });
    await put('ProviderTemplate', { id: 't2', providerId: 'groq' });
    await put(
      'EndpointConfiguration',
      {
        id: 'e1',
        name: 'planner',
        environment: 'prod',
        providerTemplateId: 't1',
        modelId: 'gpt-4o-mini',
        temperature: 0.1,
        priority: 5,
        isActive: 'true',
      },
      {
        id: 'e2',
        name: 'fast',
        providerTemplateId: 't2',
        modelId: 'llama',
        parameters: '{"max_tokens":9}',
        allowedCallers: ['batch'],
      },
      { id: 'e3', environment: 'prod' },
    );
    await put('AgentModelAssignment', {
      id: 'a1',
      agentName: 'sql',
      environment: 'prod',
      endpointConfigurationId: 'e1',
      isActive: false,
    });
    const refused: string[] = [];
    let nowMs = 0;
    const read = createAppSyncSettings({ tables, client, now: () => nowMs, onRefused: (what) => refused.push(what) });
    const { endpoints, assignments } = await read();
    expect(endpoints.toSorted((a, b) => (a.name < b.name ? 1 : -1))).toEqual([
      {
        name: 'planner',
        environment: 'prod',
        model: 'gpt-4o-mini',
        parameters: { temperature: 0.1 },
        overrides: {},
        priority: 5,
        enabled: true,
        allowedCallers: [],
        providerConfig: expect.objectContaining({
          secret_key_name: 'OPENAI_API_KEY',
          custom_headers: { 'x-team': 'a' },
          timeout: 30,
        }),
      },
      {
        name: 'fast',
        environment: '*',
        model: 'groq/llama',
        parameters: { max_tokens: 9 },
        overrides: {},
        priority: 100,
        enabled: true,
        allowedCallers: ['batch'],
      },
    ]);
    expect(assignments).toEqual([{ agent: 'sql', environment: 'prod', endpoint: 'planner', enabled: false }]);
    expect(refused).toEqual(["EndpointConfiguration: row e3 can't be used"]);
    await put('EndpointConfiguration', { id: 'e4', name: 'new', modelId: 'm' });
    nowMs = 5 * 60_000 - 1;
    expect((await read()).endpoints).toHaveLength(2);
    nowMs++;
    expect((await read()).endpoints).toHaveLength(3);
  });

  it('that are away do not take away what was read before', async () => {
    let nowMs = 0;
    const away = engine.client();
    const read = createAppSyncSettings({ tables, client: away, now: () => nowMs, onRefused: () => undefined });
    const before = await read();
    away.destroy();
    away.config.endpoint = () => Promise.reject(new Error('gone'));
    nowMs = 6 * 60_000;
    expect(await read()).toEqual(before);
  });
});
