// Reads a synthesised template as an auditor would: nothing may be allowed to everything, nothing kept in the clear, nothing unbounded.

/** The parts of a CloudFormation template that are read. */
export interface Template {
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties?: Readonly<Record<string, unknown>>;
        readonly DeletionPolicy?: string;
      }
    >
  >;
}

interface Statement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: unknown;
}

const toList = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

const statementsOf = (policy: unknown): readonly Statement[] =>
  toList((policy as { Statement?: Statement | Statement[] } | undefined)?.Statement);

/** Statements of one policy that allow too much. */
function auditStatements(id: string, statements: readonly Statement[]): string[] {
  return statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource }) => [
      ...toList(Action)
        .filter((action) => action.includes('*'))
        .map((action) => `${id} allows "${action}": name each action.`),
      ...toList(Resource)
        .filter((resource) => resource === '*')
        .map(() => `${id} allows ${toList(Action).join(', ')} on every resource: name the resource.`),
    ]);
}

/** A number of its own, or one that a parameter gives, unless it leaves the bound to the account. */
const isBounded = (concurrency: unknown): boolean =>
  typeof concurrency === 'number' || JSON.stringify(concurrency ?? null).includes('{"Ref":"Concurrency"}');

type Audit = (id: string, properties: Readonly<Record<string, unknown>>) => string[];

const when = (broken: boolean, message: string): string[] => (broken ? [message] : []);

const auditUrl: Audit = (id, { AuthType, InvokeMode }) => [
  ...when(AuthType !== 'NONE', `${id} has AuthType ${String(AuthType)}: official clients can't sign requests.`),
  ...when(InvokeMode !== 'RESPONSE_STREAM', `${id} does not stream.`),
];

/** What each kind of resource must have. Key policies are judged apart: in them "*" means the key itself. */
const audits: Readonly<Record<string, Audit>> = {
  'AWS::IAM::Policy': (id, { PolicyDocument }) => auditStatements(id, statementsOf(PolicyDocument)),
  'AWS::IAM::Role': (id, { ManagedPolicyArns, Policies }) => [
    ...when(
      toList(ManagedPolicyArns).length > 0,
      `${id} uses a managed policy, which allows more than the function needs.`,
    ),
    ...toList(Policies as { PolicyDocument?: unknown }[] | undefined).flatMap(({ PolicyDocument }) =>
      auditStatements(id, statementsOf(PolicyDocument)),
    ),
  ],
  'AWS::Lambda::Url': auditUrl,
  'AWS::Lambda::Function': (id, { ReservedConcurrentExecutions, Timeout, Environment }) => [
    ...when(!isBounded(ReservedConcurrentExecutions), `${id} has no reserved concurrency: cost has no bound.`),
    ...when(typeof Timeout !== 'number' || Timeout > 900, `${id} has no valid timeout.`),
    ...Object.keys((Environment as { Variables?: Record<string, unknown> } | undefined)?.Variables ?? {})
      .filter((name) => /_API_KEY|OWNER_KEY|SECRET_KEY/.test(name))
      .map((name) => `${id} holds ${name} in the clear: put it into the secret.`),
  ],
  'AWS::DynamoDB::GlobalTable': (id, { TimeToLiveSpecification, Replicas }) => [
    ...when(TimeToLiveSpecification === undefined, `${id} never deletes what has expired.`),
    ...when(
      !JSON.stringify(Replicas).includes('"PointInTimeRecoveryEnabled":true'),
      `${id} has no recovery to a point in time.`,
    ),
  ],
  'AWS::S3::Bucket': (id, { PublicAccessBlockConfiguration, LifecycleConfiguration, BucketEncryption }) => [
    ...when(PublicAccessBlockConfiguration === undefined, `${id} may become public.`),
    ...when(LifecycleConfiguration === undefined, `${id} keeps recordings for ever.`),
    ...when(BucketEncryption === undefined, `${id} is not encrypted.`),
  ],
  'AWS::CloudFront::Distribution': (id, { DistributionConfig }) => {
    const text = JSON.stringify(DistributionConfig ?? {});
    return [
      ...when(!text.includes('"OriginProtocolPolicy":"https-only"'), `${id} asks the function in the clear.`),
      ...when(
        !/"ViewerProtocolPolicy":"(https-only|redirect-to-https)"/.test(text),
        `${id} takes requests in the clear.`,
      ),
      ...when(
        !text.includes('"HeaderName":"x-freeway-edge"'),
        `${id} can be passed by: the function would not know it.`,
      ),
    ];
  },
  'AWS::KMS::Key': (id, { EnableKeyRotation }) => when(EnableKeyRotation !== true, `${id} is never rotated.`),
  'AWS::Logs::LogGroup': (id, { RetentionInDays }) => when(RetentionInDays === undefined, `${id} keeps logs for ever.`),
};

/** The alias goes back to versions that later deployments have left behind. */
const auditVersions = ({ Resources }: Template): string[] =>
  Object.entries(Resources)
    .filter(([, { Type, DeletionPolicy }]) => Type === 'AWS::Lambda::Version' && DeletionPolicy !== 'Retain')
    .map(([id]) => `${id} is deleted by the next deployment: there is no way back.`);

/** Since October 2025 a URL needs both permissions: one to be called, one for what the call does. */
function auditPermissions(template: Template): string[] {
  const granted = Object.values(template.Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Permission')
    .map(({ Properties }) => Properties?.['Action']);
  return ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction']
    .filter((action) => !granted.includes(action))
    .map((action) => `The URL lacks the permission ${action}: every request would be refused.`);
}

/** Every fault of a template, in words; empty when it may be deployed. */
export function auditTemplate(template: Template): string[] {
  return [
    ...Object.entries(template.Resources).flatMap(
      ([id, { Type, Properties = {} }]) => audits[Type]?.(id, Properties) ?? [],
    ),
    ...auditVersions(template),
    ...auditPermissions(template),
  ];
}
