// What is said to our commands: `--help` tells how one is used, and what it does not know ends it with that, before it does anything.
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A command that was used wrongly: what is wrong, and how it is used. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(problem: string, usage: string) {
    super(`${problem}\n\n${usage}`);
  }
}

/** Node's sentence about what it did not understand, without its advice on quoting. */
const toProblem = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('. To specify')[0] ?? '';

/** Reads the arguments of this process, or `args`. Asked for help it gives it and ends the process. Throws UsageError. */
export function readArguments<const Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  if ((config.args ?? process.argv.slice(2)).includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(toProblem(error), usage);
  }
}

/** Runs a command, whose status it answers. Errors end it with their sentence alone. */
export async function runCommand(main: () => Promise<number | void> | number | void): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
