// What is deployed: the shipped template allows no more than needed, is what the stack says, and broken ones are refused.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readOptions } from '../../scripts/deploy/options.ts';
import { auditTemplate, type Template } from '../../scripts/deploy/policy.ts';

const folder = fileURLToPath(new URL('../../scripts/deploy', import.meta.url));
const shipped = JSON.parse(readFileSync(join(folder, 'template.json'), 'utf8')) as Template;
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
  it('passes the audit', () => expect(auditTemplate(shipped)).toEqual([]));

  it('allows exactly these actions', () => {
    const policies = ofType('AWS::IAM::Policy').map(([, properties]) => properties['PolicyDocument']);
    const actions = policies.flatMap((policy) =>
      (policy as { Statement: { Action: string | string[] }[] }).Statement.flatMap(({ Action }) => Action),
    );
    expect(actions.toSorted()).toEqual([
      'dynamodb:BatchGetItem', 'dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem',
      'kms:Decrypt', 'kms:Encrypt', 'logs:CreateLogStream', 'logs:PutLogEvents',
      's3:DeleteObject', 's3:GetObject', 's3:PutObject', 'secretsmanager:GetSecretValue',
    ]); // prettier-ignore
  });

  it('streams from Node 24 on arm64, with a bound on what runs at once', () => {
    expect(ofType('AWS::Lambda::Function')).toMatchObject([
      [
        expect.any(String),
        { Runtime: 'nodejs24.x', Architectures: ['arm64'], ReservedConcurrentExecutions: 50, Timeout: 600 },
      ],
    ]);
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
      'Availability', 'Crashes', 'Throttled', 'TableThrottled', 'Exhausted', 'QuotaNearEnd', 'Spending', 'Security',
    ]); // prettier-ignore
  });

  // The CDK is fetched by the first `npm run deploy`; without it there is nothing to compare with.
  it.skipIf(!existsSync(join(folder, 'cdk/node_modules/aws-cdk-lib')))('is what the stack says', () => {
    const out = mkdtempSync(join(tmpdir(), 'freeway-cdk-'));
    const env = { ...process.env, FREEWAY_STAGE: 'prod', FREEWAY_OUT: out };
    expect(spawnSync(process.execPath, ['app.ts'], { cwd: join(folder, 'cdk'), env }).status).toBe(0);
    expect(JSON.parse(readFileSync(join(out, 'freeway-prod.template.json'), 'utf8'))).toEqual(shipped);
    rmSync(out, { recursive: true });
  });

  it.skipIf(!existsSync(join(folder, 'cdk/node_modules/aws-cdk-lib')))('may have a distribution before it', () => {
    const out = mkdtempSync(join(tmpdir(), 'freeway-cdk-'));
    const env = { ...process.env, FREEWAY_STAGE: 'prod', FREEWAY_CLOUDFRONT: 'on', FREEWAY_OUT: out };
    expect(spawnSync(process.execPath, ['app.ts'], { cwd: join(folder, 'cdk'), env }).status).toBe(0);
    const template = JSON.parse(readFileSync(join(out, 'freeway-prod.template.json'), 'utf8')) as Template;
    rmSync(out, { recursive: true });
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

type Change = (properties: Record<string, unknown>) => void;

describe('audit', () => {
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
      uploads: false,
      cloudfront: false,
      mailFrom: 'a@example.com',
      concurrency: 50,
      parameters: { AllowedEmails: '*@example.com' },
    });
  });
  it.each([[['--stage', 'live']], [['--concurrency', '0']], [['--concurrency', 'many']], [['--unknown']]])(
    'refuses %j',
    (args) => expect(() => readOptions(args)).toThrow(),
  );
});
