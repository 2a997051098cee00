// All that Freeway needs on AWS: one function behind a URL, one table, one key, one secret, and who watches them.
import { Aws, CfnCondition, CfnOutput, CfnParameter, Duration, Fn, RemovalPolicy, Stack, Tags, Token, type StackProps } from 'aws-cdk-lib'; // prettier-ignore
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { alarmEmailPattern, tablePattern } from '../patterns.ts';
import { addEdge, addEdgeSecret } from './edge.ts';
import { addWatch } from './watch.ts';

export const stages = ['dev', 'test', 'prod'] as const;
export type Stage = (typeof stages)[number];

export interface FreewayStackProps extends StackProps {
  readonly stage: Stage;
  /** Folder or archive of the bundle; null: the template asks for a bucket and a key, for people without CDK. */
  readonly codePath: string | null;
  /** What tells the parameters of this deployment from those of others; empty where none are given. */
  readonly settingsMark: string;
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
  readonly concurrency: CfnParameter;
  readonly restoredTable: CfnParameter;
}

/** How long what is lost may be brought back, and how long logs are kept. Only production keeps its data when the stack goes. */
const keep = {
  dev: { logs: logs.RetentionDays.ONE_WEEK, data: RemovalPolicy.DESTROY },
  test: { logs: logs.RetentionDays.ONE_WEEK, data: RemovalPolicy.DESTROY },
  prod: { logs: logs.RetentionDays.THREE_MONTHS, data: RemovalPolicy.RETAIN },
} as const;

/** The value of a parameter that names something, where there is nothing. */
const NONE = 'none';

function addSettings(scope: Construct): Settings {
  const text = (
    id: string,
    description: string,
    usual: { default?: string; allowedPattern?: string } = {},
  ): CfnParameter => new CfnParameter(scope, id, { type: 'String', default: '', description, ...usual });
  return {
    googleClientId: text('GoogleClientId', 'OAuth client id of the web app; empty: only API keys are let in.'),
    allowedEmails: text('AllowedEmails', 'Who may sign in: addresses and *@domain, separated by commas.'),
    adminEmails: text('AdminEmails', 'Who of them are admins; the first is the owner.'),
    alarmEmail: text('AlarmEmail', 'Who is told of alarms, one address; empty: nobody.', {
      allowedPattern: alarmEmailPattern,
    }),
    concurrency: new CfnParameter(scope, 'Concurrency', {
      type: 'Number',
      default: 50,
      minValue: 0,
      description:
        'Requests at once, which bounds what an attack may cost; 0: as many as the account lets in (of the 10 of a new account none can be set apart).',
    }),
    restoredTable: text('RestoredTable', `A table restored from a backup, to be used instead of our own; or ${NONE}.`, {
      default: NONE,
      allowedPattern: tablePattern,
    }),
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
  /** The table in use: our own, or the restored one. */
  readonly tableName: string;
  /** The restored table's; nothing where there is none. */
  readonly restoredArn: string;
  readonly key: kms.Key;
  readonly secret: secretsmanager.Secret;
  readonly uploads: s3.Bucket | null;
  readonly logGroup: logs.LogGroup;
}

function addParts(stack: Stack, { stage, uploads, cloudfront }: FreewayStackProps, settings: Settings): Parts {
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
    ...chooseTable(stack, table, settings),
    key,
    secret,
    logGroup,
    uploads: uploads ? addUploads(stack, { removalPolicy: data, cloudfront }) : null,
  };
}

/** Which table is used. A backup can only be restored as a table of another name. */
function chooseTable(
  stack: Stack,
  own: dynamodb.TableV2,
  { restoredTable }: Settings,
): Pick<Parts, 'tableName' | 'restoredArn'> {
  const name = restoredTable.valueAsString;
  const isRestored = new CfnCondition(stack, 'HasRestoredTable', {
    expression: Fn.conditionNot(Fn.conditionEquals(name, NONE)),
  });
  const choose = (yes: string, no: string): string => Token.asString(Fn.conditionIf(isRestored.logicalId, yes, no));
  const arn = stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: name });
  return { tableName: choose(name, own.tableName), restoredArn: choose(arn, Aws.NO_VALUE) };
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

function addRole(stack: Stack, parts: Parts, mailFrom: string | null): iam.Role {
  const { table, restoredArn, key, secret, uploads, logGroup } = parts;
  const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const allow = (actions: string[], ...resources: string[]): iam.PolicyStatement => {
    const statement = new iam.PolicyStatement({ actions, resources });
    role.addToPolicy(statement);
    return statement;
  };
  allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn);
  allow(tableActions, table.tableArn, restoredArn);
  allow(['secretsmanager:GetSecretValue'], secret.secretArn);
  // What is sealed as ours, and the secret when Secrets Manager opens it for us: one key serves both, and nothing else.
  const equals = (name: string, value: string): iam.Conditions => ({ StringEquals: { [name]: value } });
  allow(['kms:Encrypt', 'kms:Decrypt'], key.keyArn).addConditions(equals('kms:EncryptionContext:app', 'freeway'));
  allow(['kms:Decrypt'], key.keyArn).addConditions(
    equals('kms:ViaService', `secretsmanager.${stack.region}.amazonaws.com`),
  );
  if (uploads) allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], uploads.arnForObjects('uploads/*'));
  if (mailFrom !== null)
    allow(['ses:SendEmail'], stack.formatArn({ service: 'ses', resource: 'identity', resourceName: mailFrom }));
  return role;
}

/** As much of the account's concurrency is set apart as is wanted; 0 sets nothing apart. */
function boundConcurrency(stack: Stack, handler: lambda.Function, { concurrency }: Settings): void {
  const isBounded = new CfnCondition(stack, 'HasConcurrency', {
    expression: Fn.conditionNot(Fn.conditionEquals(concurrency.valueAsString, '0')),
  });
  const bound = Fn.conditionIf(isBounded.logicalId, concurrency.valueAsNumber, Aws.NO_VALUE);
  (handler.node.defaultChild as lambda.CfnFunction).addPropertyOverride('ReservedConcurrentExecutions', bound);
}

function addFunction(
  stack: Stack,
  props: FreewayStackProps,
  parts: Parts & { readonly settings: Settings },
): lambda.Function {
  const { tableName, key, secret, uploads, logGroup, settings } = parts;
  const handler = new lambda.Function(stack, 'Function', {
    // A version is only made when something in the template changes, and values of parameters do not stand there.
    description: `Freeway (${props.stage}): one endpoint in front of many LLM providers${props.settingsMark && ` [${props.settingsMark}]`}`,
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    handler: 'index.handler',
    code: addCode(stack, props.codePath),
    // As much memory as gives a whole processor would cost more than it saves; below 1,024 the start is slow.
    memorySize: 1024,
    timeout: Duration.minutes(10),
    role: addRole(stack, parts, props.mailFrom),
    logGroup,
    // Going back needs the version before.
    currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    environment: {
      NODE_ENV: 'production',
      FREEWAY_STORE: `dynamodb:${tableName}`,
      FREEWAY_SECRET_ID: secret.secretArn,
      FREEWAY_KMS_KEY_ID: key.keyArn,
      FREEWAY_METRICS: 'emf',
      GOOGLE_CLIENT_ID: settings.googleClientId.valueAsString,
      ALLOWED_EMAILS: settings.allowedEmails.valueAsString,
      ADMIN_EMAILS: settings.adminEmails.valueAsString,
      ...(uploads ? { FREEWAY_UPLOADS_BUCKET: uploads.bucketName } : {}),
    },
  });
  boundConcurrency(stack, handler, settings);
  return handler;
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
    const parts = addParts(this, props, settings);
    const handler = addFunction(this, props, { ...parts, settings });
    const secretOfEdge = props.cloudfront ? addEdgeSecret(this, handler) : null;
    const served = props.codePath === null ? handler : addAlias(this, handler);
    const url = served.addFunctionUrl({
      authType: lambda.FunctionUrlAuthType.NONE,
      invokeMode: lambda.InvokeMode.RESPONSE_STREAM,
    });
    const edge = secretOfEdge === null ? null : addEdge(this, url, secretOfEdge);
    addWatch(this, { handler, tableName: parts.tableName, alarmEmail: settings.alarmEmail });
    const output = (name: string, value: string, description: string): CfnOutput =>
      new CfnOutput(this, name, { value, description });
    output('Url', edge === null ? url.url : `https://${edge.distributionDomainName}/`, 'Where Freeway answers');
    output('FunctionArn', served.functionArn, 'What state machines invoke');
    output('SecretArn', parts.secret.secretArn, 'Where provider keys and the owner key belong');
    output('TableName', parts.tableName, 'Where state lives');
    if (parts.uploads) output('UploadsBucket', parts.uploads.bucketName, 'Where recordings wait for a day');
    if (props.mailFrom !== null) output('MailFrom', props.mailFrom, 'Whom alerts by mail come from');
  }
}
