// What is deployed: the shipped template allows no more than needed, is what the stack says, and broken ones are refused.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readOptions } from '../../scripts/deploy/options.ts';
import { auditTemplate, type Template } from '../../scripts/deploy/policy.ts';

const folder = fileURLToPath(new URL('../../scripts/deploy', import.meta.url));
const shipped = JSON.parse(readFileSync(join(folder, 'template.json'), 'utf8')) as Template;
interface Metric {
  readonly Namespace: string;
  readonly Dimensions?: unknown;
}
const ofType = (type: string): [string, Record<string, unknown>][] =>
  Object.entries(shipped.Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, { Properties = {} }]) => [id, Properties]);

/** The template with one resource of the kind changed. */
function broken(type: string, change: (properties: Record<string, unknown>) => void): Template {
  const copy = structuredClone(shipped) as {
    Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
  };
  const found = Object.values(copy.Resources).find(({ Type }) => Type === type);
  if (!found) throw new Error(`the template has no ${type}`);
  change(found.Properties);
  return copy;
}

describe('shipped template', () => {
  it('is small enough to be deployed from a file, without a bucket for it', () =>
    expect(readFileSync(join(folder, 'template.json')).length).toBeLessThanOrEqual(51_200));

  it('passes the audit', () => expect(auditTemplate(shipped)).toEqual([]));

  it('allows exactly these actions', () => {
    const policies = ofType('AWS::IAM::Policy').map(([, properties]) => properties['PolicyDocument']);
    const actions = policies.flatMap((policy) =>
      (policy as { Statement: { Action: string | string[] }[] }).Statement.flatMap(({ Action }) => Action),
    );
    expect(actions.toSorted()).toEqual([
      'dynamodb:BatchGetItem', 'dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem',
      'kms:Decrypt', 'kms:Decrypt', 'kms:Encrypt', 'logs:CreateLogStream', 'logs:PutLogEvents',
      's3:DeleteObject', 's3:GetObject', 's3:PutObject', 'secretsmanager:GetSecretValue',
    ]); // prettier-ignore
  });

  it('opens with its key what was sealed as ours, and the secret by way of Secrets Manager alone', () => {
    const [, { PolicyDocument }] = ofType('AWS::IAM::Policy')[0] ?? ['', {}];
    const ofKey = (PolicyDocument as { Statement: Record<string, unknown>[] }).Statement.filter(({ Action }) =>
      JSON.stringify(Action).includes('kms:'),
    );
    // The context is what createKmsWrapper seals with.
    expect(ofKey.map(({ Action, Condition }) => [Action, Condition])).toEqual([
      [['kms:Encrypt', 'kms:Decrypt'], { StringEquals: { 'kms:EncryptionContext:app': 'freeway' } }],
      [
        'kms:Decrypt',
        {
          StringEquals: {
            'kms:ViaService': {
              'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.amazonaws.com']],
            },
          },
        },
      ],
    ]);
  });

  it('streams from Node 24 on arm64, with a bound on what runs at once', () => {
    expect(ofType('AWS::Lambda::Function')).toMatchObject([
      [
        expect.any(String),
        {
          Runtime: 'nodejs24.x',
          Architectures: ['arm64'],
          ReservedConcurrentExecutions: {
            'Fn::If': ['HasConcurrency', { Ref: 'Concurrency' }, { Ref: 'AWS::NoValue' }],
          },
          Timeout: 600,
        },
      ],
    ]);
    expect(shipped.Parameters).toMatchObject({ Concurrency: { Type: 'Number', Default: 50, MinValue: 0 } });
    expect(ofType('AWS::Lambda::Url')).toMatchObject([[expect.any(String), { InvokeMode: 'RESPONSE_STREAM' }]]);
  });

  it('names the attribute by which the store lets items expire', () => {
    expect(ofType('AWS::DynamoDB::GlobalTable')[0]?.[1]).toMatchObject({
      TimeToLiveSpecification: { AttributeName: '_ttl', Enabled: true },
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    });
  });

  it('watches what may go wrong', () => {
    expect(ofType('AWS::CloudWatch::Alarm').map(([id]) => id.replace(/Alarm\w{8}$/, ''))).toEqual([
      'Availability', 'Crashes', 'Throttled', 'TableThrottled', 'StoreAway', 'Exhausted', 'QuotaNearEnd', 'Spending', 'KeysLocked',
      'Security',
    ]); // prettier-ignore
  });

  it('rings for quota that has been near its end for long, and for no single one', () => {
    const [, alarm] = ofType('AWS::CloudWatch::Alarm').find(([id]) => id.startsWith('QuotaNearEnd')) ?? ['', {}];
    expect(alarm).toMatchObject({
      MetricName: 'freeway_quota_pressure',
      Threshold: 0.9,
      Period: 300,
      EvaluationPeriods: 12,
      DatapointsToAlarm: 6,
      TreatMissingData: 'notBreaching',
    });
  });

  it('hears of its own function only, whatever else the account holds', () => {
    const alarms = JSON.stringify(ofType('AWS::CloudWatch::Alarm'));
    const metrics = [...new Set(alarms.match(/freeway_\w+/g))].toSorted();
    expect(metrics).toEqual([
      'freeway_alerts_total', 'freeway_credentials_locked', 'freeway_exhausted_total', 'freeway_invoke_refusals_total', 'freeway_quota_pressure',
      'freeway_security_events_total', 'freeway_store_unavailable_total',
    ]); // prettier-ignore
    const dimensions = ofType('AWS::CloudWatch::Alarm').flatMap(([, { Metrics, ...single }]) =>
      (
        (Metrics as { MetricStat?: { Metric: Metric } }[] | undefined) ?? [
          { MetricStat: { Metric: single as unknown as Metric } },
        ]
      )
        .flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []))
        .filter(({ Namespace }) => Namespace === 'Freeway')
        .map(({ Dimensions }) => Dimensions),
    );
    expect(dimensions).toHaveLength(metrics.length);
    for (const one of dimensions)
      expect(one).toEqual([{ Name: 'FunctionName', Value: { Ref: expect.stringMatching(/^Function/) } }]);
  });

  it('lets the function use a restored table in place of its own', () => {
    const [, { PolicyDocument }] = ofType('AWS::IAM::Policy')[0] ?? ['', {}];
    const chosen = (yes: unknown, no: unknown): object => ({ 'Fn::If': ['HasRestoredTable', yes, no] });
    expect((PolicyDocument as { Statement: unknown[] }).Statement).toContainEqual(
      expect.objectContaining({
        Action: expect.arrayContaining(['dynamodb:UpdateItem']),
        Resource: [expect.anything(), chosen(expect.anything(), { Ref: 'AWS::NoValue' })],
      }),
    );
    const [, handler] = ofType('AWS::Lambda::Function')[0] ?? ['', {}];
    expect(JSON.stringify(handler)).toContain('"dynamodb:",{"Fn::If":["HasRestoredTable",{"Ref":"RestoredTable"}');
  });

  // The CDK is fetched by the first `npm run deploy`; without it there is nothing to compare with.
  const withCdk = it.skipIf(!existsSync(join(folder, 'cdk/node_modules/aws-cdk-lib')));
  const synthesise = (more: Readonly<Record<string, string>> = {}): Template => {
    const out = mkdtempSync(join(tmpdir(), 'freeway-cdk-'));
    try {
      const env = { ...process.env, FREEWAY_STAGE: 'prod', FREEWAY_OUT: out, ...more };
      expect(spawnSync(process.execPath, ['app.ts'], { cwd: join(folder, 'cdk'), env }).status).toBe(0);
      return JSON.parse(readFileSync(join(out, 'freeway-prod.template.json'), 'utf8')) as Template;
    } finally {
      rmSync(out, { recursive: true });
    }
  };

  withCdk('is what the stack says', () => expect(synthesise()).toEqual(shipped));

  withCdk('can be read by the command line that deploys it', () => {
    const out = mkdtempSync(join(tmpdir(), 'freeway-cdk-'));
    const env = { ...process.env, FREEWAY_OUT: out, CDK_DISABLE_CLI_TELEMETRY: 'true' };
    spawnSync(process.execPath, ['app.ts'], { cwd: join(folder, 'cdk'), env });
    const args = ['node_modules/aws-cdk/bin/cdk', 'list', '--app', out, '--no-notices'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: join(folder, 'cdk'), env, encoding: 'utf8' });
    rmSync(out, { recursive: true });
    expect([stdout.trim(), stderr]).toEqual(['freeway-dev', expect.not.stringContaining('not compatible')]);
  });

  it('is written and deployed by the same generation of the CDK', () => {
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'cdk/package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(dependencies['aws-cdk']?.split('.')[0]).toBe(dependencies['aws-cdk-lib']?.split('.')[0]);
  });

  withCdk('makes a version of each change, those of parameters too, and keeps them for the way back', () => {
    const code = mkdtempSync(join(tmpdir(), 'freeway-code-'));
    writeFileSync(join(code, 'index.js'), '');
    const versionOf = (mark: string): string => {
      const template = synthesise({ FREEWAY_CODE: code, FREEWAY_SETTINGS_MARK: mark });
      expect(auditTemplate(template)).toEqual([]);
      const ids = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::Lambda::Version');
      expect(ids).toMatchObject([[expect.any(String), { DeletionPolicy: 'Retain' }]]);
      return ids[0]?.[0] ?? '';
    };
    expect(versionOf('1a2b3c4d')).not.toBe(versionOf('5e6f7a8b'));
    rmSync(code, { recursive: true });
  });

  withCdk('tells whom mail comes from, as the next deployment asks', () => {
    const { Outputs } = synthesise({ FREEWAY_MAIL_FROM: 'a@example.com' }) as Template & { readonly Outputs: object };
    expect(Outputs).toMatchObject({ MailFrom: { Value: 'a@example.com' } });
  });

  withCdk('may have a distribution before it', () => {
    const template = synthesise({ FREEWAY_CLOUDFRONT: 'on' });
    expect(auditTemplate(template)).toEqual([]);
    const added = Object.values(template.Resources).filter(({ Type }) => /CloudFront/.test(Type));
    expect(added.map(({ Type }) => Type).toSorted()).toEqual([
      'AWS::CloudFront::Distribution',
      'AWS::CloudFront::OriginRequestPolicy',
    ]);
    const text = JSON.stringify(template);
    // Function and distribution know the same secret, which stands in neither.
    expect(text.match(/resolve:secretsmanager/g)).toHaveLength(2);
    expect(text).toContain('"FREEWAY_EDGE_SECRET"');
    const open = text.replace('"OriginProtocolPolicy":"https-only"', '"OriginProtocolPolicy":"http-only"');
    expect(auditTemplate(JSON.parse(open) as Template)).toHaveLength(1);
  });
});

/** CloudFormation as far as it is asked for a stack; `outputs`: null where there is none of that name. */
async function withCloudFormation<T>(
  outputs: Readonly<Record<string, string>> | null,
  work: (endpoint: string) => Promise<T>,
): Promise<T> {
  const ofStack = (name: string): string => {
    if (outputs === null)
      return `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id ${name} does not exist</Message></Error></ErrorResponse>`;
    const members = Object.entries(outputs).map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    );
    return `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>${name}</StackName><Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
  };
  const server = createServer(async (request, response) => {
    const asked = new URLSearchParams(await text(request));
    response.writeHead(outputs === null ? 400 : 200, { 'content-type': 'text/xml' });
    response.end(ofStack(asked.get('StackName') ?? ''));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

describe.skipIf(!existsSync(join(folder, 'cdk/node_modules/@aws-sdk/client-cloudformation')))('what stands', () => {
  const readDeployed = async (endpoint: string) => {
    const { HOME: _, ...rest } = process.env;
    const env = {
      ...rest,
      FREEWAY_STAGE: 'prod',
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    };
    const child = spawn(process.execPath, ['deployed.ts'], { cwd: join(folder, 'cdk'), env });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { stdout: stdout.trim(), stderr, code: code as number };
  };
  const url = 'https://abc.lambda-url.eu-central-1.on.aws/';
  it.each([
    ['nothing', null, null],
    ['a stack whose creation failed', {}, null],
    ['a plain stack', { Url: url, UploadsBucket: 'b' }, { uploads: true, cloudfront: false, mailFrom: null }],
    [
      'one behind CloudFront that sends mail and takes no uploads',
      { Url: 'https://d1.cloudfront.net/', MailFrom: 'a@example.com' },
      { uploads: false, cloudfront: true, mailFrom: 'a@example.com' },
    ],
  ])('is read: %s', (_, outputs, choices) =>
    withCloudFormation(outputs, async (endpoint) =>
      expect(await readDeployed(endpoint)).toEqual({
        stdout: JSON.stringify(choices),
        stderr: expect.any(String),
        code: 0,
      }),
    ),
  );

  it('can not be read: says so, and ends', async () => {
    const { stdout, stderr, code } = await readDeployed('http://127.0.0.1:9');
    expect([stdout, code]).toEqual(['', 1]);
    expect(stderr).toContain("CloudFormation can't be asked what freeway-prod is made of");
  });
});

type Change = (properties: Record<string, unknown>) => void;

describe('audit', () => {
  it('refuses a version that the next deployment deletes', () => {
    const version = { Type: 'AWS::Lambda::Version', Properties: {}, DeletionPolicy: 'Delete' };
    const template = (more: object) => ({ Resources: { ...shipped.Resources, Version: { ...version, ...more } } });
    expect(auditTemplate(template({}))).toEqual([expect.stringContaining('no way back')]);
    expect(auditTemplate(template({ DeletionPolicy: 'Retain' }))).toEqual([]);
  });

  type Policy = { PolicyDocument: { Statement: Record<string, unknown>[] } };
  const statement = (properties: Record<string, unknown>): Record<string, unknown> =>
    (properties as Policy).PolicyDocument.Statement[0] ?? {};
  const changes: readonly [string, string, Change][] = [
    ['AWS::IAM::Policy', 'an action for all', (p) => void (statement(p)['Action'] = 'dynamodb:*')],
    ['AWS::IAM::Policy', 'a resource for all', (p) => void (statement(p)['Resource'] = '*')],
    ['AWS::IAM::Role', 'a managed policy', (p) => void (p['ManagedPolicyArns'] = ['arn:aws:x'])],
    ['AWS::Lambda::Url', 'no streaming', (p) => void (p['InvokeMode'] = 'BUFFERED')],
    ['AWS::Lambda::Url', 'signed requests', (p) => void (p['AuthType'] = 'AWS_IAM')],
    ['AWS::Lambda::Function', 'no bound', (p) => void delete p['ReservedConcurrentExecutions']],
    [
      'AWS::Lambda::Function',
      'a key in the clear',
      (p) => void (p['Environment'] = { Variables: { GROQ_API_KEY: 'x' } }),
    ],
    ['AWS::S3::Bucket', 'no lifecycle', (p) => void delete p['LifecycleConfiguration']],
    ['AWS::KMS::Key', 'no rotation', (p) => void (p['EnableKeyRotation'] = false)],
    ['AWS::Logs::LogGroup', 'no retention', (p) => void delete p['RetentionInDays']],
    ['AWS::Lambda::Permission', 'one permission only', (p) => void (p['Action'] = 'lambda:Other')],
  ];
  it.each(changes)('%s: refuses %s', (type, _, change) => {
    expect(auditTemplate(broken(type, change))).toHaveLength(1);
  });
});

describe('options', () => {
  it('gives the stack what was given, and nothing that was not, so that it stays as it is', () => {
    expect(readOptions([]).parameters).toEqual({});
    expect(readOptions(['--concurrency', '00', '--restored-table', 'none']).parameters).toEqual({
      Concurrency: '0',
      RestoredTable: 'none',
    });
  });
  it('reads stage, parameters and bounds', () => {
    expect(
      readOptions([
        '--stage',
        'prod',
        '--dry-run',
        '--allowed-emails',
        '*@example.com',
        '--no-uploads',
        '--mail-from',
        'a@example.com',
      ]),
    ).toMatchObject({
      stage: 'prod',
      dryRun: true,
      asked: { uploads: false, mailFrom: 'a@example.com' },
      parameters: { AllowedEmails: '*@example.com' },
    });
  });
  it('asks for nothing that was not given, and takes back what an earlier deployment was given', () => {
    expect(readOptions([]).asked).toEqual({});
    expect(readOptions(['--uploads', '--no-cloudfront', '--mail-from', 'none']).asked).toEqual({
      uploads: true,
      cloudfront: false,
      mailFrom: null,
    });
  });
  it.each([[['--stage', 'live']], [['--concurrency', '-1']], [['--concurrency', 'many']], [['--unknown']]])(
    'refuses %j',
    (args) => expect(() => readOptions(args)).toThrow(),
  );

  it.each([
    ['--restored-table', '', 'is no name of a table'],
    ['--restored-table', 'bad/name', 'is no name of a table'],
    ['--alarm-email', 'nonsense', 'is no address'],
    ['--alarm-email', 'a@example.com,b@example.com', 'is no address'],
    ['--mail-from', '', 'is neither an address nor a domain'],
    ['--mail-from', 'me@', 'is neither an address nor a domain'],
  ])('refuses what AWS would refuse after minutes, or worse, take: %s %j', (name, text, fault) =>
    expect(() => readOptions([`${name}=${text}`])).toThrow(fault),
  );
  it.each([
    ['--restored-table', 'none'],
    ['--restored-table', 'freeway-restored_2.a'],
    ['--alarm-email', ''],
    ['--alarm-email', 'you@example.com'],
    ['--mail-from', 'example.com'],
    ['--mail-from', 'you+alerts@mail.example.com'],
  ])('takes %s %j', (name, text) => expect(() => readOptions([`${name}=${text}`])).not.toThrow());

  it('the template takes the same, from those who have no CDK', () => {
    const parameters = shipped.Parameters as Readonly<Record<string, { readonly AllowedPattern?: string }>>;
    const patternOf = (name: string): RegExp => new RegExp(parameters[name]?.AllowedPattern ?? '');
    const takes = (name: string, texts: readonly string[]): string[] =>
      texts.filter((text) => patternOf(name).test(text));
    expect(takes('RestoredTable', ['', 'bad/name', 'none', 'freeway-restored_2.a'])).toEqual([
      'none',
      'freeway-restored_2.a',
    ]);
    expect(takes('AlarmEmail', ['', 'nonsense', 'a@example.com,b@example.com', 'you@example.com'])).toEqual([
      '',
      'you@example.com',
    ]);
  });

  it.each([
    ['--allowed-emails', 'you@example.com, example.com', '--allowed-emails holds "example.com", which lets nobody in.'],
    ['--admin-emails', '*@example.com', '--admin-emails holds "*@example.com", which lets nobody in.'],
  ])('refuses people who could never come in: %s %s', (name, list, fault) =>
    expect(() => readOptions([name, list])).toThrow(fault),
  );
});
