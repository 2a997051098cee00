// One execution environment: a process of the official runtime client, its own Runtime API, and the freezer between invocations.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const RUNTIME_CLIENT = fileURLToPath(new URL('../../node_modules/aws-lambda-ric/index.mjs', import.meta.url));
const PRELOAD = new URL('./preload.ts', import.meta.url).href;
const INIT_LIMIT_MS = 10_000;

export interface InstanceOptions {
  readonly bundleDir: string;
  /** `file.export`, as in the settings of a function. */
  readonly handler: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly log: (line: string) => void;
}

/** How an invocation answered: with a stream from the function, an error report, or not at all. */
export type Outcome =
  | { readonly kind: 'response'; readonly stream: IncomingMessage }
  | { readonly kind: 'error'; readonly report: string }
  | { readonly kind: 'died' };

interface Invocation {
  readonly id: string;
  readonly event: string;
  readonly answer: (outcome: Outcome) => void;
}

export interface Instance {
  readonly pid: number;
  /** Time from the start of the process to its first call for work; null before. */
  readonly initMs: () => number | null;
  readonly invocations: () => number;
  readonly state: () => 'starting' | 'busy' | 'frozen' | 'dead';
  /** Only when it is starting or frozen, one at a time. */
  readonly invoke: (event: string) => Promise<Outcome>;
  /** Resolves when the instance asks for further work, or has died. */
  readonly free: () => Promise<void>;
  readonly kill: () => Promise<void>;
}

interface State {
  status: 'starting' | 'busy' | 'frozen' | 'dead';
  initMs: number | null;
  invocations: number;
  waiting: Invocation | null;
  current: Invocation | null;
  /** The runtime client's open call for work. */
  poll: ServerResponse | null;
  timer: NodeJS.Timeout | null;
  readonly startedAtMs: number;
  readonly freed: (() => void)[];
}

function toEnvironment({ env, handler, bundleDir, memoryMb }: InstanceOptions, api: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'emulated',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/emulated',
    AWS_LAMBDA_LOG_STREAM_NAME: 'emulated',
    ...env,
    AWS_LAMBDA_RUNTIME_API: api,
    LAMBDA_TASK_ROOT: bundleDir,
    _HANDLER: handler,
  };
}

/** What happens on the Runtime API and to the process, told to the state. */
class Environment implements Instance {
  readonly #options: InstanceOptions;
  readonly #server: Server;
  readonly #child: ChildProcess;
  readonly #state: State = {
    status: 'starting',
    initMs: null,
    invocations: 0,
    waiting: null,
    current: null,
    poll: null,
    timer: null,
    startedAtMs: performance.now(),
    freed: [],
  };

  constructor(options: InstanceOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.#child = spawn(process.execPath, ['--import', PRELOAD, RUNTIME_CLIENT], {
      cwd: options.bundleDir,
      env: toEnvironment(options, `127.0.0.1:${port}`),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const pipe of [this.#child.stdout, this.#child.stderr])
      pipe?.setEncoding('utf8').on('data', (text: string) => options.log(text));
    this.#child.on('exit', () => this.#die());
    this.#armTimer(INIT_LIMIT_MS);
    server.on('request', (request, response) => this.#answerRuntime(request, response));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  initMs(): number | null {
    return this.#state.initMs;
  }

  invocations(): number {
    return this.#state.invocations;
  }

  state(): State['status'] {
    return this.#state.status;
  }

  invoke(event: string): Promise<Outcome> {
    if (this.#state.status === 'dead') return Promise.resolve({ kind: 'died' });
    return new Promise((answer) => {
      this.#state.waiting = { id: randomUUID(), event, answer };
      if (this.#state.status !== 'frozen') return;
      this.#child.kill('SIGCONT');
      this.#handOver();
    });
  }

  free(): Promise<void> {
    if (this.#state.status === 'frozen' || this.#state.status === 'dead') return Promise.resolve();
    return new Promise((resolve) => this.#state.freed.push(resolve));
  }

  async kill(): Promise<void> {
    const gone = this.free();
    if (this.#state.status === 'dead') return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exited;
    await gone;
  }

  #armTimer(ms: number): void {
    if (this.#state.timer) clearTimeout(this.#state.timer);
    this.#state.timer = setTimeout(() => {
      this.#options.log(`Task timed out after ${(ms / 1000).toFixed(2)} seconds\n`);
      this.#child.kill('SIGKILL');
    }, ms);
  }

  /** Gives the waiting invocation to the runtime client that asks for it. */
  #handOver(): void {
    const { waiting, poll } = this.#state;
    if (!waiting || !poll) return;
    Object.assign(this.#state, { status: 'busy', waiting: null, poll: null, current: waiting });
    this.#state.invocations++;
    this.#armTimer(this.#options.timeoutMs);
    poll.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': waiting.id,
      'lambda-runtime-deadline-ms': String(Date.now() + this.#options.timeoutMs),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:000000000000:function:emulated',
    });
    poll.end(waiting.event);
  }

  #answerRuntime(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    if (path.endsWith('/invocation/next')) {
      this.#state.poll = response;
      return this.#pause();
    }
    if (path.endsWith('/response')) {
      this.#state.current?.answer({ kind: 'response', stream: request });
      request.on('end', () => {
        response.writeHead(202).end();
        this.#conclude();
      });
      return;
    }
    let report = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (report += chunk));
    request.on('end', () => {
      (this.#state.current ?? this.#state.waiting)?.answer({ kind: 'error', report });
      response.writeHead(202).end();
      this.#conclude();
    });
  }

  /** The reply is complete. The runtime client may have asked for further work already. */
  #conclude(): void {
    this.#state.current = null;
    if (this.#state.poll) this.#pause();
  }

  /** The function has nothing left to do: it is frozen until there is work. */
  #pause(): void {
    const state = this.#state;
    state.initMs ??= performance.now() - state.startedAtMs;
    if (state.current) return;
    if (state.timer) clearTimeout(state.timer);
    if (state.waiting) return this.#handOver();
    state.status = 'frozen';
    this.#child.kill('SIGSTOP');
    for (const resolve of state.freed.splice(0)) resolve();
  }

  #die(): void {
    const { timer, current, waiting, freed } = this.#state;
    if (timer) clearTimeout(timer);
    this.#state.status = 'dead';
    for (const invocation of [current, waiting]) invocation?.answer({ kind: 'died' });
    for (const resolve of freed.splice(0)) resolve();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** Starts an environment; it initialises at once. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  // Connections stay open however long an invocation takes, as those of the real Runtime API do.
  const server = createServer({ keepAliveTimeout: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new Environment(options, server);
}
