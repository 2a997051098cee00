// Makes the table, on engines of one's own; on AWS the deployment does.
import {
  CreateTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { TTL } from './attributes.ts';
import { toAwsOptions } from './aws-environment.ts';

/** Makes the table when it does not exist: on demand, with deletion of expired items. */
export async function ensureTable(client: DynamoDBClient, table: string): Promise<void> {
  try {
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
  } catch (error) {
    if (error instanceof ResourceInUseException) return;
    throw error;
  }
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 5 }, { TableName: table });
  await client.send(
    new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification: { AttributeName: TTL, Enabled: true } }),
  );
}

/** The same where the environment leads to an engine of one's own. Rejects with whatever stands in the way. */
export async function ensureOwnTable(table: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const { endpoint, region } = toAwsOptions('dynamodb', 'AWS_ENDPOINT_URL_DYNAMODB', env);
  const client = new DynamoDBClient({ endpoint, region });
  try {
    await ensureTable(client, table);
  } finally {
    client.destroy();
  }
}
