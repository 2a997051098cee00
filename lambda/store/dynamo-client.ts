// DynamoDB's part of AWS: what it is asked, and what its replies hold. Impatient, since callers wait behind it.
import { createAwsClient, type AwsClient, type AwsClientOptions, type AwsService } from './aws-json.ts';
import { toAwsOptions } from './aws-environment.ts';

export type Operation = 'GetItem' | 'BatchGetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query';

/** A value as DynamoDB writes it; kinds that this store never writes are left out. */
export interface WireValue {
  readonly S?: string;
  readonly N?: string;
  readonly BOOL?: boolean;
}
export type WireItem = Readonly<Record<string, WireValue>>;

/** What replies hold, as far as this store asks for it. */
export interface WireReply {
  readonly Item?: WireItem;
  readonly Attributes?: WireItem;
  readonly Items?: readonly WireItem[];
  readonly LastEvaluatedKey?: WireItem;
  readonly Responses?: Readonly<Record<string, readonly WireItem[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys: readonly WireItem[] }>>;
}

/** An update whose answer was lost may count twice: too much is reserved for a while, never too little. */
export interface TableClient extends Pick<AwsClient, 'ahead' | 'close'> {
  /** Resolves with the reply. Rejects with AwsRefusal, or with the error of the network. */
  ask(operation: Operation, input: object, signal: AbortSignal): Promise<WireReply>;
}

const dynamo: AwsService = {
  name: 'dynamodb',
  api: 'DynamoDB_20120810',
  contentType: 'application/x-amz-json-1.0',
  requestMs: 900,
  connectMs: 500,
};

/** A client for the tables of one region. */
export const createTableClient = (options: AwsClientOptions): TableClient => createAwsClient(dynamo, options);

/** A client for the tables that the environment leads to. Throws StoreUnavailable when nothing says where they are. */
export const openTableClient = (env = process.env): TableClient =>
  createTableClient(toAwsOptions(dynamo.name, 'AWS_ENDPOINT_URL_DYNAMODB', env));
