// `npm start` as a newcomer runs it: says what it does, answers at once, refuses what is unsafe, and ends when told to.
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'freeway-start-')));
const OWNER_KEY = 'owner-key-for-tests-0123456789abcdef';
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves once the text has been printed, or with the exit. */
  readonly until: (text: string) => Promise<string>;
  readonly exit: Promise<number | null>;
}

const script = ['scripts/node24.mjs', 'scripts/start.mjs'];

function start(env: Record<string, string>, args: string[] = []): Run {
  return follow(process.execPath, [...script, ...args], env);
}

function follow(command: string, args: string[], env: Record<string, string>): Run {
  const child = spawn(command, args, {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', FREEWAY_DATA: join(folder, 'data'), ...env },
  });
  children.push(child);
  let output = '';
  const listeners: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString();
      for (const listener of listeners) listener();
    });
  }
  const exit = new Promise<number | null>((done) => child.once('exit', done));
  const until = async (text: string): Promise<string> => {
    const printed = new Promise<void>((done) => {
      const check = (): void => void (output.includes(text) && done());
      listeners.push(check);
      check();
    });
    await Promise.race([printed, exit]);
    return output;
  };
  return { child, output: () => output, until, exit };
}

it('without any key: simulated providers answer, and say what they are', async () => {
  const run = start({});
  const output = await run.until('Try it:');
  expect(output).toMatch(/Simulated providers are in use/);
  const url = /listening on (http:\S+)/.exec(output)?.[1] ?? '';
  const path = /owner's API key is in (\S+)/.exec(output)?.[1] ?? '';
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const key = readFileSync(path, 'utf8').trim();
  expect(output).not.toContain(key);
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hello!' }] }),
  });
  const answer = (await response.json()) as { choices: { message: { content: string } }[] };
  expect(answer.choices[0]?.message.content).toMatch(/simulated/i);
  expect(response.headers.get('x-freeway-credential')).toMatch(/Simulated/);
  expect(response.headers.get('x-freeway-tier')).toBe('free');
  run.child.kill('SIGTERM');
  expect(await run.exit).toBe(0);
});

it('with a real credential the simulated ones are gone, unless they are asked for', async () => {
  const real = {
    FREEWAY_PROVIDERS: JSON.stringify([
      { provider: 'openai-compatible', name: 'mine', baseUrl: 'http://127.0.0.1:9/v1', models: [{ id: 'm' }] },
    ]),
  };
  expect(await start(real).until('Try it:')).not.toMatch(/Simulated/);
  expect(await start(real, ['--demo']).until('Try it:')).toMatch(
    /Simulated.*the credential of the environment will not be used/,
  );
});

it('with a saved credential the simulated ones are gone, be it disabled, and come back with the last that is removed', async () => {
  const env = { FREEWAY_OWNER_KEY: OWNER_KEY, FREEWAY_DATA: join(folder, 'saved') };
  const first = start(env);
  const url = /listening on (http:\S+)/.exec(await first.until('Try it:'))?.[1] ?? '';
  const call = async (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const chat = async (): Promise<number> =>
    (await call('POST', '/v1/chat/completions', { messages: [{ role: 'user', content: 'Hello!' }] })).status;
  expect(await chat()).toBe(200);
  const mine = {
    provider: 'openai-compatible',
    name: 'mine',
    base_url: 'http://127.0.0.1:9/v1',
    models: [{ id: 'm' }],
  };
  const { id } = (await (await call('POST', '/api/credentials', { ...mine, fields: {} })).json()) as { id: string };
  expect((await call('PATCH', `/api/credentials/${id}`, { enabled: false })).status).toBe(200);
  // Made-up answers in place of a key that rests would pass for real ones.
  expect(await chat()).toBe(422);
  for (const demo of ['auto', 'off']) {
    const again = start({ ...env, FREEWAY_DEMO: demo });
    expect(await again.until('Try it:')).toMatch(/\n1 saved credential: /);
    expect(again.output()).not.toMatch(/Simulated|No provider key/);
    again.child.kill('SIGTERM');
    await again.exit;
  }
  expect((await call('DELETE', `/api/credentials/${id}`)).status).toBe(200);
  expect(await chat()).toBe(200);
});

it('with simulation forbidden it starts, and says that nothing is configured', async () => {
  const output = await start({ FREEWAY_DEMO: 'off' }).until('Try it:');
  expect(output).toMatch(/No provider key is configured/);
  const url = /listening on (http:\S+)/.exec(output)?.[1] ?? '';
  const key = readFileSync(join(folder, 'data', 'owner-key'), 'utf8').trim();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: '{"messages":[{"role":"user","content":"hi"}]}',
  });
  expect(response.status).toBe(422);
  expect(await response.text()).toMatch(/add a provider key/);
});

type Refusal = [env: Record<string, string>, says: RegExp];

/** A folder that is there and takes nothing, not even from root. */
const unwritable: Refusal[] =
  process.platform === 'linux'
    ? [[{ FREEWAY_DATA: '/proc/freeway' }, /data folder "\/proc\/freeway" can't be used/]]
    : [];

it.each<Refusal>([
  [{ HOST: 'http://localhost' }, /HOST is "http:\/\/localhost", but must be an address or a name alone/],
  [{ HOST: '0.0.0.0' }, /HOST is "0.0.0.0".*FREEWAY_OWNER_KEY/s],
  [{ PORT: 'abc' }, /PORT is "abc"/],
  [{ FREEWAY_PROVIDERS: '[{"provider":"nope","apiKey":"canary-secret"}]' }, /entry 0 \(nope\)/],
  [{ FREEWAY_DATA: fileURLToPath(import.meta.url) }, /data folder ".*start\.test\.ts" can't be used.*FREEWAY_DATA/],
  ...unwritable,
  [{ HOST: '192.0.2.1', FREEWAY_OWNER_KEY: OWNER_KEY }, /HOST is "192\.0\.2\.1", which is no address of this machine/],
  [{ HOST: 'nowhere.invalid', FREEWAY_OWNER_KEY: OWNER_KEY }, /HOST is "nowhere\.invalid".*no address of this machine/],
  [{ FREEWAY_STORE: 'dynamodb:x' }, /FREEWAY_STORE is "dynamodb:x".*3 to 255 letters/],
  [
    { FREEWAY_STRATEGY: './nowhere.mjs' },
    /FREEWAY_STRATEGY names "\.\/nowhere\.mjs", which can't be loaded \(Cannot find module '[^']*'\)\. Correct its path/,
  ],
  [
    { FREEWAY_GUARDS: './nowhere.mjs' },
    /FREEWAY_GUARDS names "\.\/nowhere\.mjs", which can't be loaded \(Cannot find module '[^']*'\)\. Install it/,
  ],
])('refuses %j with one sentence', async (env, expected) => {
  const run = start(env);
  expect(await run.exit).toBe(1);
  expect(run.output()).toMatch(expected);
  expect(run.output()).not.toContain('canary-secret');
  expect(run.output().trim().split('\n')).toHaveLength(1);
});

/** A checkout into which nothing was installed. */
function copySources(name: string): string {
  const copy = join(folder, name);
  for (const part of ['scripts', 'lambda', 'catalog', 'shared', 'tests/fakes'])
    cpSync(join(root, part), join(copy, part), { recursive: true, filter: (path) => !path.includes('node_modules') });
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(root, file), join(copy, file));
  // What is older than the app that was built makes nobody build it.
  mkdirSync(join(copy, 'ui/dist'), { recursive: true });
  writeFileSync(join(copy, 'ui/dist/index.html'), '<!doctype html>');
  return copy;
}

const startOf = (copy: string): string[] => ['scripts/node24.mjs', 'scripts/start.mjs'].map((name) => join(copy, name));

/** Tells at its end whether Node has loaded what takes the types out of sources. */
const tellCompiler =
  'data:text/javascript,process.on("exit",()=>console.log("types:",process.moduleLoadList.some((name)=>name.includes("amaro"))))';

describe('a checkout that was never started', () => {
  const copy = copySources('new');
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const name = createHash('sha256').update(`${copy}/`).digest('hex').slice(0, 12);
  const packed = join(root, 'node_modules/.cache/packed', name);
  const begin = (): Run => {
    const env = { FREEWAY_DATA: join(folder, 'new-data'), NODE_COMPILE_CACHE: mkdtempSync(join(folder, 'compiled-')) };
    return follow(process.execPath, ['--import', tellCompiler, ...startOf(copy)], env);
  };
  const serve = async (run: Run): Promise<string> => {
    await run.until('Try it:');
    // What a start leaves for later is loaded after a second.
    await sleep(1_200);
    run.child.kill('SIGTERM');
    expect(await run.exit).toBe(0);
    return run.output();
  };
  afterAll(() => rmSync(packed, { recursive: true, force: true }));

  it('is served from its sources where they can’t be packed, and says so', async () => {
    mkdirSync(dirname(packed), { recursive: true });
    writeFileSync(packed, '');
    const output = await serve(begin());
    expect(output).toMatch(/^Mind: the sources could not be packed \(Failed to create .*"npm run build" packs them/m);
    expect(output).toMatch(/^types: true$/m);
    rmSync(packed);
  });

  it('is packed before it is served, and no compiler is loaded that would take 20 MB for as long as it runs', async () => {
    const output = await serve(begin());
    expect(output).not.toMatch(/could not be packed/);
    expect(output).toMatch(/^types: false$/m);
    expect(statSync(join(packed, 'manifest.json')).isFile()).toBe(true);
  });
});

it('says what is missing where nothing was installed', async () => {
  const run = follow(process.execPath, startOf(copySources('bare')), {});
  expect(await run.exit).toBe(1);
  expect(run.output()).toBe('The packages are missing: run "npm install" first.\n');
});

it('tells of what is set and does nothing, and starts', async () => {
  const output = await start({ FREEWAY_PIAD: 'never', ALLOWED_EMAILS: 'a@example.com' }).until(
    'GOOGLE_CLIENT_ID is not',
  );
  expect(output).toMatch(/listening on/);
  expect(output).toMatch(/^Mind: FREEWAY_PIAD is set, but nothing reads it\. Did you mean FREEWAY_PAID\?$/m);
  expect(output).toMatch(/^Mind: ALLOWED_EMAILS is set, but GOOGLE_CLIENT_ID is not/m);
});

it('refuses an owner key that was only half written, by an earlier start on a full disk', async () => {
  const data = join(folder, 'half');
  mkdirSync(data);
  writeFileSync(join(data, 'owner-key'), 'fwy_x\n');
  const run = start({ FREEWAY_DATA: data });
  expect(await run.exit).toBe(1);
  expect(run.output()).toMatch(/owner-key" holds no key .* Delete it/);
  expect(run.output().trim().split('\n')).toHaveLength(1);
});

const ownAddresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
// Containers are often without IPv6.
const everyAddress = ownAddresses.some(({ family }) => family === 'IPv6') ? ['0.0.0.0', '::'] : ['0.0.0.0'];

it.each(everyAddress)('bound to %s, all addresses, it prints ones that can be opened', async (HOST) => {
  const output = await start({ HOST, FREEWAY_OWNER_KEY: OWNER_KEY }).until('Try it:');
  const url = /listening on (http:\S+)/.exec(output)?.[1] ?? '';
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(output).toContain(`curl ${url}/v1/chat/completions`);
  const told = /From other machines on the network: (.*)/.exec(output)?.[1]?.split(' and ') ?? [];
  const outer = ownAddresses.some(({ internal, family }) => !internal && family === 'IPv4');
  expect(told.length > 0).toBe(outer);
  for (const one of [url, ...told]) expect((await fetch(`${one}/health`)).status).toBe(200);
});

it('says that a port is taken', async () => {
  const first = start({});
  const port = /:(\d+)\n/.exec(await first.until('listening on'))?.[1] ?? '';
  const second = start({ PORT: port });
  expect(await second.exit).toBe(1);
  expect(second.output()).toMatch(/in use already/);
});

it.each(['SIGTERM', 'SIGHUP'] as const)(
  'told twice at once by %s, as a member of a group and by whoever passes signals on, it still lets streams finish',
  async (signal) => {
    const run = start({ FREEWAY_OWNER_KEY: OWNER_KEY });
    const url = /listening on (http:\S+)/.exec(await run.until('Try it:'))?.[1] ?? '';
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${OWNER_KEY}` },
      body: JSON.stringify({ model: 'auto', stream: true, messages: [{ role: 'user', content: 'Hello!' }] }),
    });
    run.child.kill(signal);
    await sleep(50);
    run.child.kill(signal);
    expect(await response.text()).toMatch(/\[DONE\]\s*$/);
    expect(await run.exit).toBe(0);
  },
);

it('goes on when whoever reads its log is gone', async () => {
  const run = start({ FREEWAY_OWNER_KEY: OWNER_KEY });
  const url = /listening on (http:\S+)/.exec(await run.until('Try it:'))?.[1] ?? '';
  run.child.stderr?.destroy();
  run.child.stdout?.destroy();
  const ask = async (): Promise<number> => {
    const headers = { authorization: `Bearer ${OWNER_KEY}` };
    const body = '{"model":"auto","messages":[{"role":"user","content":"hi"}]}';
    const reply = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
    await reply.text();
    // Its line is written some time after it.
    await sleep(100);
    return reply.status;
  };
  expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 200]);
  expect(run.child.exitCode).toBeNull();
});

it('that ends by a fault nobody caught says where, and repeats nothing of what was being worked on', async () => {
  const module = join(folder, 'order.mjs');
  writeFileSync(module, "setTimeout(() => { throw new Error('canary-prompt'); }, 500); export default () => 0;");
  const run = start({ FREEWAY_OWNER_KEY: OWNER_KEY, FREEWAY_STRATEGY: module });
  expect(await run.exit).toBe(1);
  const line = run
    .output()
    .split('\n')
    .find((one) => one.includes('process.crashed'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({
    level: 'error',
    error: 'Error',
    stack: expect.stringContaining('order.mjs:1'),
  });
  expect(run.output()).not.toContain('canary');
});

it('ends in good order when npm is told to: of the signal only the shell between them hears', async () => {
  const run = follow('sh', ['-c', `"${process.execPath}" ${script.join(' ')}; true`], { npm_lifecycle_event: 'start' });
  const closed = new Promise((done) => run.child.once('close', done));
  await run.until('Try it:');
  run.child.kill('SIGTERM');
  await closed;
  expect(run.output()).toContain('server.stopped');
});
