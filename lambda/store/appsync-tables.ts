// Reads named endpoints and agents from the DynamoDB tables that an Amplify or AppSync app keeps, beside those of our own store.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { AppSyncTables } from '#shared/appsync-tables.ts';
import {
  agentAssignmentSchema,
  endpointConfigurationSchema,
  providerConfigSchema,
  type AgentAssignment,
  type EndpointConfiguration,
  type InvokeSettings,
  type ProviderConfig,
} from '#shared/invoke.ts';

export interface AppSyncOptions {
  readonly tables: AppSyncTables;
  /** Default: region, credentials and endpoint as the SDK finds them. */
  readonly client?: DynamoDBClient;
  readonly now: () => number;
  /** Told of a row that can't be used, with its table and what is wrong, never with its values. */
  readonly onRefused: (what: string) => void;
}

type Row = Readonly<Record<string, unknown>>;

const FRESH_MS = 5 * 60_000;

/** GraphQL keeps JSON as text. */
function toObject(value: unknown): Row | undefined {
  if (typeof value !== 'string') return (value as Row | null | undefined) ?? undefined;
  try {
    return JSON.parse(value) as Row;
  } catch {
    return undefined;
  }
}

/** Fields that are missing or null are left to the schema's defaults. */
const given = (fields: Row): Row =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));

const isOn = ({ isActive, enabled }: Row): boolean => {
  const value = isActive ?? enabled ?? true;
  return value !== false && value !== 'false';
};

/** A template's address and key; null when it only names a provider, whose own credentials are then used. */
function toProviderConfig(template: Row | undefined, modelId: unknown): ProviderConfig | null {
  if (template === undefined || template['secretPath'] === undefined) return null;
  const parsed = providerConfigSchema.safeParse(
    given({
      provider_id: template['providerId'] ?? template['name'],
      model_id: modelId,
      endpoint: template['endpoint'],
      auth_header_name: template['authHeaderName'],
      auth_header_prefix: template['authHeaderPrefix'],
      secret_path: template['secretPath'],
      secret_key_name: template['secretKeyName'],
      request_transformer: template['requestTransformer'],
      response_transformer: template['responseTransformer'],
      timeout: template['timeout'],
      custom_headers: toObject(template['customHeaders']),
    }),
  );
  if (parsed.success) return parsed.data;
  throw new Error(
    `ProviderTemplate: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`,
  );
}

function toEndpoint(row: Row, templates: ReadonlyMap<unknown, Row>): EndpointConfiguration {
  const template = templates.get(row['providerTemplateId'] ?? row['providerId']);
  const modelId = row['modelId'] ?? row['model'];
  const config = toProviderConfig(template, modelId);
  const provider = template?.['providerId'] ?? row['providerId'];
  return endpointConfigurationSchema.parse(
    given({
      name: row['name'],
      environment: row['environment'],
      model: config === null && typeof provider === 'string' ? `${provider}/${String(modelId)}` : modelId,
      parameters: {
        ...toObject(row['parameters']),
        ...given({ temperature: row['temperature'], max_tokens: row['maxTokens'], top_p: row['topP'] }),
      },
      overrides: toObject(row['overrides']),
      priority: row['priority'],
      enabled: isOn(row),
      allowedCallers: row['allowedCallers'],
      providerConfig: config,
    }),
  );
}

function toAssignment(row: Row, endpoints: ReadonlyMap<unknown, Row>): AgentAssignment {
  const named = endpoints.get(row['endpointConfigurationId']);
  return agentAssignmentSchema.parse(
    given({
      agent: row['agentName'] ?? row['agent'],
      environment: row['environment'],
      endpoint: named?.['name'] ?? row['endpointName'] ?? row['endpoint'],
      enabled: isOn(row),
    }),
  );
}

async function readTable(documents: DynamoDBDocumentClient, table: string | undefined): Promise<Row[]> {
  if (table === undefined) return [];
  const rows: Row[] = [];
  let from: Row | undefined;
  do {
    const page = await documents.send(
      new ScanCommand({ TableName: table, ...(from === undefined ? {} : { ExclusiveStartKey: from }) }),
    );
    rows.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return rows;
}

const byId = (rows: readonly Row[]): Map<unknown, Row> => new Map(rows.map((row) => [row['id'], row]));

/** Settings of those tables, at most five minutes old. What can't be used is left out and told of. */
export function createAppSyncSettings(options: AppSyncOptions): () => Promise<InvokeSettings> {
  const { tables, now, onRefused } = options;
  const documents = DynamoDBDocumentClient.from(options.client ?? new DynamoDBClient({}));
  let kept: { readonly settings: InvokeSettings; readonly untilMs: number } | null = null;
  const tryEach = <T>(rows: readonly Row[], table: string, convert: (row: Row) => T): T[] =>
    rows.flatMap((row) => {
      try {
        return [convert(row)];
      } catch {
        onRefused(`${table}: row ${String(row['id'])} can't be used`);
        return [];
      }
    });
  const readAll = async (): Promise<InvokeSettings> => {
    const [templates, endpoints, assignments] = await Promise.all([
      readTable(documents, tables.ProviderTemplate),
      readTable(documents, tables.EndpointConfiguration),
      readTable(documents, tables.AgentModelAssignment),
    ]);
    const templateById = byId(templates);
    const endpointById = byId(endpoints);
    return {
      endpoints: tryEach(endpoints, 'EndpointConfiguration', (row) => toEndpoint(row, templateById)),
      assignments: tryEach(assignments, 'AgentModelAssignment', (row) => toAssignment(row, endpointById)),
    };
  };
  return async () => {
    if (kept !== null && now() < kept.untilMs) return kept.settings;
    const older = kept;
    const settings = await readAll().catch((error: unknown) => {
      if (older === null) throw error;
      return older.settings;
    });
    kept = { settings, untilMs: now() + FRESH_MS };
    return settings;
  };
}
