// What `npm run deploy` may be told on its command line.
import { judgeAddresses } from '#lambda/config-doubts.ts';
import { readArguments } from '../arguments.ts';
import { alarmEmailPattern, senderPattern, tablePattern } from './patterns.ts';

/** What a stack is made of. Of those that are not asked for, a stack that stands keeps what it has. */
export interface Choices {
  /** A bucket for recordings too large for the function's URL. */
  readonly uploads: boolean;
  /** A CloudFront distribution before the function's URL, which then takes requests from nowhere else. */
  readonly cloudfront: boolean;
  /** Whom alerts by mail come from: an address or domain that SES has verified; null sends none. */
  readonly mailFrom: string | null;
}

/** A stack that does not stand yet has these. */
export const usualChoices: Choices = { uploads: true, cloudfront: false, mailFrom: null };

export interface DeployOptions {
  readonly stage: 'dev' | 'test' | 'prod';
  /** Builds, synthesises and checks, and shows what would be done, without touching AWS. */
  readonly dryRun: boolean;
  /** Deploys without asking again. */
  readonly yes: boolean;
  /** Only writes the template for people without CDK. */
  readonly writeTemplate: boolean;
  readonly asked: Partial<Choices>;
  /** Values of the stack's parameters. Those that are not given stay as they are, or as the template says. */
  readonly parameters: Readonly<Record<string, string>>;
}

export const usage = `npm run deploy -- [--stage dev|test|prod] [--dry-run] [--yes] [--concurrency 50] [--no-uploads] [--cloudfront]
                 [--google-client-id ID] [--allowed-emails LIST] [--admin-emails LIST] [--alarm-email ADDRESS]
                 [--mail-from ADDRESS] [--restored-table NAME] [--write-template]

An option that is left out keeps the value of the last deployment. --uploads, --no-cloudfront and --mail-from none undo earlier ones.
docs/deploy.md explains each option.`;

const stages = ['dev', 'test', 'prod'] as const;

/** From whom mail comes where none is to be sent. */
const NOBODY = 'none';

const split = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Throws an Error at the first address that would let nobody in. */
function checkAddresses(name: string, text: string | undefined, rules: boolean): void {
  const [fault] = judgeAddresses(name, { addresses: split(text), rules });
  if (fault !== undefined) throw new Error(fault);
}

/** Throws an Error where the text is something else than `kind` says. */
function checkText(name: string, text: string | undefined, { pattern, kind }: { pattern: string; kind: string }): void {
  if (text !== undefined && !new RegExp(pattern).test(text)) throw new Error(`${name} is "${text}", which ${kind}.`);
}

type Given<Values> = { readonly [Name in keyof Values]?: Exclude<Values[Name], undefined> };

const onlyGiven = <Values extends object>(values: Values): Given<Values> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<Values>;

/** Throws an Error that says what is wrong. */
export function readOptions(args: readonly string[]): DeployOptions {
  const { values } = readArguments(usage, {
    args: [...args],
    allowNegative: true,
    options: {
      stage: { type: 'string', default: 'dev' },
      'dry-run': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      'write-template': { type: 'boolean', default: false },
      concurrency: { type: 'string' },
      uploads: { type: 'boolean' },
      'mail-from': { type: 'string' },
      cloudfront: { type: 'boolean' },
      'google-client-id': { type: 'string' },
      'allowed-emails': { type: 'string' },
      'admin-emails': { type: 'string' },
      'alarm-email': { type: 'string' },
      'restored-table': { type: 'string' },
    },
  });
  const stage = stages.find((known) => known === values.stage);
  if (stage === undefined) throw new Error(`The stage "${values.stage}" is none of ${stages.join(', ')}.`);
  if (values.concurrency !== undefined && !/^\d+$/.test(values.concurrency))
    throw new Error(
      `--concurrency is "${values.concurrency}", but must be a whole number; 0 leaves the bound to the account.`,
    );
  checkAddresses('--allowed-emails', values['allowed-emails'], true);
  checkAddresses('--admin-emails', values['admin-emails'], false);
  checkText('--alarm-email', values['alarm-email'], { pattern: alarmEmailPattern, kind: 'is no address' });
  checkText('--restored-table', values['restored-table'], { pattern: tablePattern, kind: 'is no name of a table' });
  const mailFrom = values['mail-from'] === NOBODY ? null : values['mail-from'];
  checkText('--mail-from', mailFrom ?? undefined, {
    pattern: senderPattern,
    kind: 'is neither an address nor a domain',
  });
  const parameters = {
    GoogleClientId: values['google-client-id'],
    AllowedEmails: values['allowed-emails'],
    AdminEmails: values['admin-emails'],
    AlarmEmail: values['alarm-email'],
    // The template compares the text: no other way of writing nothing may pass for a bound.
    Concurrency: values.concurrency === undefined ? undefined : String(Number(values.concurrency)),
    RestoredTable: values['restored-table'],
  };
  return {
    stage,
    dryRun: values['dry-run'],
    yes: values.yes,
    writeTemplate: values['write-template'],
    asked: onlyGiven({ uploads: values.uploads, cloudfront: values.cloudfront, mailFrom }),
    parameters: onlyGiven(parameters),
  };
}
