// All that Freeway needs on AWS: one function behind a URL, one table, one key, one secret, and who watches them.
import { CfnOutput, CfnParameter, Duration, RemovalPolicy, Stack, Tags, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { addEdge, addEdgeSecret } from './edge.ts';
import { addWatch } from './watch.ts';

export const stages = ['dev', 'test', 'prod'] as const;
export type Stage = (typeof stages)[number];

export interface FreewayStackProps extends StackProps {
  readonly stage: Stage;
  /** Folder or archive of the bundle; null: the template asks for a bucket and a key, for people without CDK. */
  readonly codePath: string | null;
  /** Requests at once, which bounds what an attack may cost. */
  readonly reservedConcurrency: number;
  /** A bucket for recordings too large for the function's URL. */
  readonly uploads: boolean;
  /** A distribution before the function's URL, where a firewall and a domain of one's own can stand. */
  readonly cloudfront: boolean;
  /** The address or domain, verified with SES, that alerts are sent from by mail; null: none are. */
  readonly mailFrom: string | null;
}

interface Settings {
  readonly googleClientId: CfnParameter;
  readonly allowedEmails: CfnParameter;
  readonly adminEmails: CfnParameter;
  readonly alarmEmail: CfnParameter;
}

/** How long what is lost may be brought back, and how long logs are kept. Only production keeps its data when the stack goes. */
const keep = {
  dev: { logs: logs.RetentionDays.ONE_WEEK, data: RemovalPolicy.DESTROY },
  test: { logs: logs.RetentionDays.ONE_WEEK, data: RemovalPolicy.DESTROY },
  prod: { logs: logs.RetentionDays.THREE_MONTHS, data: RemovalPolicy.RETAIN },
} as const;

function addSettings(scope: Construct): Settings {
  const text = (id: string, description: string): CfnParameter =>
    new CfnParameter(scope, id, { type: 'String', default: '', description });
  return {
    googleClientId: text('GoogleClientId', 'OAuth client id of the web app; empty: only API keys are let in.'),
    allowedEmails: text('AllowedEmails', 'Who may sign in: addresses and *@domain, separated by commas.'),
    adminEmails: text('AdminEmails', 'Who of them are admins; the first is the owner.'),
    alarmEmail: text('AlarmEmail', 'Who is told of alarms; empty: nobody.'),
  };
}

function addCode(scope: Construct, codePath: string | null): lambda.Code {
  if (codePath !== null) return lambda.Code.fromAsset(codePath);
  return lambda.Code.fromCfnParameters({
    bucketNameParam: new CfnParameter(scope, 'CodeBucket', {
      type: 'String',
      description: 'Bucket in this region that holds the archive of the function (dist/lambda.zip).',
    }),
    objectKeyParam: new CfnParameter(scope, 'CodeKey', {
      type: 'String',
      default: 'freeway/lambda.zip',
      description: 'Its key in that bucket.',
    }),
  });
}

/** Exactly what the store does: no scans, no changes to the table itself. */
const tableActions = [
  'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem',
]; // prettier-ignore

interface Parts {
  readonly table: dynamodb.TableV2;
  readonly key: kms.Key;
  readonly secret: secretsmanager.Secret;
  readonly uploads: s3.Bucket | null;
  readonly logGroup: logs.LogGroup;
}

function addParts(stack: Stack, { stage, uploads, cloudfront }: FreewayStackProps): Parts {
  const { data, logs: retention } = keep[stage];
  const key = new kms.Key(stack, 'Key', {
    description: `Wraps the data keys under which Freeway (${stage}) keeps provider credentials`,
    enableKeyRotation: true,
    removalPolicy: data,
  });
  const table = new dynamodb.TableV2(stack, 'Table', {
    partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
    sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
    billing: dynamodb.Billing.onDemand(),
    timeToLiveAttribute: '_ttl',
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: stage === 'prod',
    removalPolicy: data,
  });
  const secret = new secretsmanager.Secret(stack, 'Secret', {
    description: 'Provider keys as JSON: names such as GROQ_API_KEY, and FREEWAY_OWNER_KEY',
    encryptionKey: key,
    removalPolicy: data,
    generateSecretString: {
      secretStringTemplate: '{}',
      generateStringKey: 'FREEWAY_OWNER_KEY',
      passwordLength: 48,
      excludePunctuation: true,
    },
  });
  const logGroup = new logs.LogGroup(stack, 'Logs', { retention, removalPolicy: RemovalPolicy.DESTROY });
  return {
    table,
    key,
    secret,
    logGroup,
    uploads: uploads ? addUploads(stack, { removalPolicy: data, cloudfront }) : null,
  };
}

function addUploads(
  stack: Stack,
  { removalPolicy, cloudfront }: { readonly removalPolicy: RemovalPolicy; readonly cloudfront: boolean },
): s3.Bucket {
  const page = cloudfront ? 'https://*.cloudfront.net' : `https://*.lambda-url.${stack.region}.on.aws`;
  return new s3.Bucket(stack, 'Uploads', {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    removalPolicy,
    lifecycleRules: [{ expiration: Duration.days(1), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    cors: [
      {
        allowedMethods: [s3.HttpMethods.PUT],
        allowedOrigins: [page],
        allowedHeaders: ['content-type'],
      },
    ],
  });
}

function addRole(stack: Stack, { table, key, secret, uploads, logGroup }: Parts, mailFrom: string | null): iam.Role {
  const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const allow = (actions: string[], resource: string, conditions?: iam.PolicyStatementProps['conditions']): void => {
    role.addToPolicy(
      new iam.PolicyStatement({ actions, resources: [resource], ...(conditions ? { conditions } : {}) }),
    );
  };
  allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn);
  allow(tableActions, table.tableArn);
  allow(['secretsmanager:GetSecretValue'], secret.secretArn);
  allow(['kms:Encrypt', 'kms:Decrypt'], key.keyArn);
  if (uploads) allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], uploads.arnForObjects('uploads/*'));
  if (mailFrom !== null)
    allow(['ses:SendEmail'], stack.formatArn({ service: 'ses', resource: 'identity', resourceName: mailFrom }));
  return role;
}

function addFunction(
  stack: Stack,
  props: FreewayStackProps,
  parts: Parts & { readonly settings: Settings },
): lambda.Function {
  const { table, key, secret, uploads, logGroup, settings } = parts;
  return new lambda.Function(stack, 'Function', {
    description: `Freeway (${props.stage}): one endpoint in front of many LLM providers`,
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    handler: 'index.handler',
    code: addCode(stack, props.codePath),
    // As much memory as gives a whole processor would cost more than it saves; below 1,024 the start is slow.
    memorySize: 1024,
    timeout: Duration.minutes(10),
    reservedConcurrentExecutions: props.reservedConcurrency,
    role: addRole(stack, parts, props.mailFrom),
    logGroup,
    environment: {
      NODE_ENV: 'production',
      FREEWAY_STORE: `dynamodb:${table.tableName}`,
      FREEWAY_SECRET_ID: secret.secretArn,
      FREEWAY_KMS_KEY_ID: key.keyArn,
      FREEWAY_METRICS: 'emf',
      GOOGLE_CLIENT_ID: settings.googleClientId.valueAsString,
      ALLOWED_EMAILS: settings.allowedEmails.valueAsString,
      ADMIN_EMAILS: settings.adminEmails.valueAsString,
      ...(uploads ? { FREEWAY_UPLOADS_BUCKET: uploads.bucketName } : {}),
    },
  });
}

/**
 * Versions stand still, and the alias points to one or, while a new one is tried, to two: that is how a rollout goes and comes
 * back. Only CDK makes a version of each new code, so the template for people without it serves the newest code at once.
 */
const addAlias = (stack: Stack, handler: lambda.Function): lambda.Alias =>
  new lambda.Alias(stack, 'Live', { aliasName: 'live', version: handler.currentVersion });

/** The stack of one stage. */
export class FreewayStack extends Stack {
  constructor(scope: Construct, id: string, props: FreewayStackProps) {
    super(scope, id, props);
    Tags.of(this).add('app', 'freeway');
    Tags.of(this).add('stage', props.stage);
    const settings = addSettings(this);
    const parts = addParts(this, props);
    const handler = addFunction(this, props, { ...parts, settings });
    const secretOfEdge = props.cloudfront ? addEdgeSecret(this, handler) : null;
    const served = props.codePath === null ? handler : addAlias(this, handler);
    const url = served.addFunctionUrl({
      authType: lambda.FunctionUrlAuthType.NONE,
      invokeMode: lambda.InvokeMode.RESPONSE_STREAM,
    });
    const edge = secretOfEdge === null ? null : addEdge(this, url, secretOfEdge);
    addWatch(this, { handler, table: parts.table, alarmEmail: settings.alarmEmail, stage: props.stage });
    const output = (name: string, value: string, description: string): CfnOutput =>
      new CfnOutput(this, name, { value, description });
    output('Url', edge === null ? url.url : `https://${edge.distributionDomainName}/`, 'Where Freeway answers');
    output('FunctionArn', served.functionArn, 'What state machines invoke');
    output('SecretArn', parts.secret.secretArn, 'Where provider keys and the owner key belong');
    output('TableName', parts.table.tableName, 'Where state lives');
    if (parts.uploads) output('UploadsBucket', parts.uploads.bucketName, 'Where recordings wait for a day');
  }
}
