// `npm run deploy`: builds the function, synthesises what it needs on AWS, checks it, shows what would change, and deploys.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../arguments.ts';
import { readOptions, usualChoices, type Choices, type DeployOptions } from './options.ts';
import { auditTemplate, type Template } from './policy.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cdk = fileURLToPath(new URL('cdk', import.meta.url));
const shipped = fileURLToPath(new URL('template.json', import.meta.url));
const bundle = join(root, 'dist/lambda');

interface Place {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

function run(command: string, args: readonly string[], { cwd, env = {} }: Place): void {
  const shell = process.platform === 'win32';
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit', shell, env: { ...process.env, ...env } });
  if (error) throw new Error(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`"${command} ${args.join(' ')}" failed; see above.`);
}

/** The CDK and its command line stand apart from the app's packages, and are fetched when first needed. */
function installCdk(): void {
  if (['aws-cdk-lib', '@aws-sdk/client-cloudformation'].every((name) => existsSync(join(cdk, 'node_modules', name))))
    return;
  console.log('Fetching the CDK (once, about 200 MB) ...');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: cdk });
}

/** Asks the CDK's command line about what was synthesised. It tells nobody but AWS. */
function runCdk(command: readonly string[], outDir: string): void {
  const tool = join(cdk, 'node_modules/aws-cdk/bin/cdk');
  const env = { CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_DISABLE_VERSION_CHECK: 'true' };
  run(process.execPath, [tool, ...command, '--app', outDir, '--no-notices'], { cwd: cdk, env });
}

/** What the stack that stands is made of; null where none does. Throws an Error where AWS can't be asked. */
function readDeployed(stage: DeployOptions['stage']): Choices | null {
  const env = { ...process.env, FREEWAY_STAGE: stage };
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const { status, stdout } = spawnSync(process.execPath, ['deployed.ts'], { cwd: cdk, env, stdio: [...stdio] });
  if (status === 0) return JSON.parse(String(stdout)) as Choices | null;
  throw new Error('Nothing was changed. Name the credentials and region of your account as for any tool of AWS.');
}

/** What is asked for; of the rest, what stands. */
function toChoices({ asked, stage, dryRun, writeTemplate }: DeployOptions): Choices {
  const isOffline = dryRun || writeTemplate;
  const deployed = isOffline ? null : readDeployed(stage);
  const choices = { ...(deployed ?? usualChoices), ...asked };
  const { uploads, cloudfront, mailFrom } = choices;
  const source = deployed === null ? '' : ', as it stands but for what was given';
  console.log(
    `The stack: uploads ${uploads ? 'on' : 'off'}, CloudFront ${cloudfront ? 'on' : 'off'}, mail from ${mailFrom ?? 'nobody'}${source}.`,
  );
  return choices;
}

/** Differs where parameters do, and tells nothing of them. */
function toMark({ parameters }: DeployOptions): string {
  const given = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return given.length === 0 ? '' : createHash('sha256').update(JSON.stringify(given)).digest('hex').slice(0, 8);
}

function synthesise(options: DeployOptions & Choices, outDir: string, codePath: string | null): Template {
  const { stage, uploads, cloudfront, mailFrom } = options;
  const env = {
    FREEWAY_STAGE: stage,
    FREEWAY_OUT: outDir,
    ...(codePath === null ? {} : { FREEWAY_CODE: codePath, FREEWAY_SETTINGS_MARK: toMark(options) }),
    FREEWAY_UPLOADS: uploads ? 'on' : 'off',
    FREEWAY_CLOUDFRONT: cloudfront ? 'on' : 'off',
    ...(mailFrom === null ? {} : { FREEWAY_MAIL_FROM: mailFrom }),
  };
  run(process.execPath, ['app.ts'], { cwd: cdk, env });
  return JSON.parse(readFileSync(join(outDir, `freeway-${stage}.template.json`), 'utf8')) as Template;
}

function check(template: Template): void {
  const faults = auditTemplate(template);
  if (faults.length === 0) return console.log('Checked: least privilege, encryption, retention and bounds hold.');
  throw new Error(`The template must not be deployed:\n  ${faults.join('\n  ')}`);
}

function show({ stage, parameters }: DeployOptions, { Resources }: Template): void {
  console.log(`The stack freeway-${stage} holds:`);
  for (const [id, { Type }] of Object.entries(Resources)) console.log(`  ${Type.padEnd(30)} ${id}`);
  for (const [name, value] of Object.entries(parameters)) console.log(`  parameter ${name} = ${value}`);
}

async function confirm({ yes, stage }: DeployOptions): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) throw new Error('Add --yes to deploy without being asked.');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Deploy to ${stage}? Type "yes": `);
  terminal.close();
  return answer.trim().toLowerCase() === 'yes';
}

function toParameters({ stage, parameters }: DeployOptions): string[] {
  return Object.entries(parameters).flatMap(([name, value]) => ['--parameters', `freeway-${stage}:${name}=${value}`]);
}

async function deploy(options: DeployOptions, outDir: string): Promise<void> {
  const stack = `freeway-${options.stage}`;
  runCdk(['diff', stack], outDir);
  if (!(await confirm(options))) return console.log('Nothing was changed.');
  const outputs = join(outDir, 'outputs.json');
  const args = ['deploy', stack, '--require-approval', 'never', '--outputs-file', outputs];
  runCdk([...args, ...toParameters(options)], outDir);
  const { Url, SecretArn } =
    (JSON.parse(readFileSync(outputs, 'utf8')) as Record<string, Record<string, string>>)[stack] ?? {};
  console.log(`Freeway answers at ${Url}`);
  console.log(`Provider keys and the owner key lie in ${SecretArn}: add names such as GROQ_API_KEY to its JSON.`);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  installCdk();
  const outDir = mkdtempSync(join(tmpdir(), 'freeway-deploy-'));
  try {
    if (options.writeTemplate) {
      const template = synthesise({ ...options, ...toChoices(options), stage: 'prod' }, outDir, null);
      check(template);
      writeFileSync(shipped, `${JSON.stringify(template, null, 2)}\n`);
      return console.log(`Wrote ${shipped}`);
    }
    const choices = toChoices(options);
    run(process.execPath, ['scripts/build.ts'], { cwd: root });
    const template = synthesise({ ...options, ...choices }, outDir, bundle);
    check(template);
    show(options, template);
    if (!options.dryRun) return await deploy(options, outDir);
    // Of two versions that do not know each other the one that deploys refuses what the other has written.
    runCdk(['list'], outDir);
    console.log(
      'Dry run: nothing was sent to AWS. Without --dry-run, this stack would be deployed; if it exists, options that are left out keep their values.',
    );
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

await runCommand(main);
