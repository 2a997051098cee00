// Asks CloudFormation what the stack of FREEWAY_STAGE is made of, and writes that down as JSON; null where none stands.
import { CloudFormationClient, DescribeStacksCommand, type Output } from '@aws-sdk/client-cloudformation';
import type { Choices } from '../options.ts';

const { FREEWAY_STAGE = 'dev', AWS_REGION, AWS_DEFAULT_REGION } = process.env;
const stack = `freeway-${FREEWAY_STAGE}`;

/** Where the CDK's command line deploys to: it knows one more variable than the SDK, and a region for those who name none. */
const findRegion = async (): Promise<string> =>
  AWS_REGION ?? AWS_DEFAULT_REGION ?? new CloudFormationClient().config.region().catch(() => 'us-east-1');

async function readOutputs(): Promise<readonly Output[]> {
  const client = new CloudFormationClient({ region: await findRegion() });
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    return Stacks[0]?.Outputs ?? [];
  } catch (error) {
    if (error instanceof Error && error.message.includes('does not exist')) return [];
    throw error;
  }
}

/** Read from what every version of the stack has told; null where its creation never ended. */
function toChoices(outputs: readonly Output[]): Choices | null {
  const told = new Map(outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const url = told.get('Url');
  if (url === undefined) return null;
  return {
    uploads: told.has('UploadsBucket'),
    cloudfront: new URL(url).hostname.endsWith('.cloudfront.net'),
    mailFrom: told.get('MailFrom') ?? null,
  };
}

try {
  console.log(JSON.stringify(toChoices(await readOutputs())));
} catch (error) {
  console.error(
    `CloudFormation can't be asked what ${stack} is made of: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exitCode = 1;
}
