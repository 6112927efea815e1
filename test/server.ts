import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ENVIRONMENT, FLAGS } from '../scripts/run-time.cjs';

/** The server as a user starts it, as a process of its own, with a data folder of the test's. */
export interface TestServer {
  readonly url: string;
  readonly tlsUrl: string;
  readonly data: string;
  readonly pid: number;
  /** All that it printed so far. */
  output(): string;
  token(): string;
  feedKey(): string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. The data folder stays. */
  kill(): Promise<void>;
  /** Starts again on the same data. */
  again(): Promise<TestServer>;
  /** Stops, and removes the data folder. */
  discard(): Promise<void>;
}

export interface ServerOptions {
  readonly data?: string;
  /** Text of a configuration file. */
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Put in front of the command, as in `ip netns exec gateway`. */
  readonly prefix?: readonly string[];
  /** Another entry than the server's own: that of a changed copy. */
  readonly main?: string;
}

const ROOT = path.join(import.meta.dirname, '..');
const MAIN = path.join(ROOT, 'packages', 'server', 'src', 'main.ts');
/** The one of `npm start`: each start but the first finds its modules compiled. */
const COMPILE_CACHE = path.join(ROOT, 'node_modules', '.cache', 'node');
/** A machine that does much else takes long. */
const STARTS_WITHIN_MS = 120_000;

export const aDataFolder = (): string => mkdtempSync(path.join(os.tmpdir(), 'interdict-test-data-'));

/** Starts a process and gathers what it prints; for starts that are refused too. */
export function spawnServer({ data = aDataFolder(), config, env = {}, prefix = [], main = MAIN }: ServerOptions): {
  readonly child: ChildProcess;
  readonly data: string;
  readonly output: () => string;
} {
  const configFile = path.join(data, 'interdict.yaml');
  if (config !== undefined) writeFileSync(configFile, config);
  const [command = process.execPath, ...args] = [...prefix, process.execPath, ...FLAGS, '--conditions=source', main];
  const child = spawn(command, args, {
    cwd: existsSync(data) ? data : path.dirname(data),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...ENVIRONMENT,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      PATH: process.env.PATH,
      INTERDICT_DATA: data,
      INTERDICT_PORT: '0',
      INTERDICT_TLS_PORT: '0',
      ...(existsSync(configFile) && { INTERDICT_CONFIG: configFile }),
      ...env,
    },
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => printed.push(String(chunk)));
  return { child, data, output: () => printed.join('') };
}

async function isReady(url: string): Promise<boolean> {
  return await fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function waitForStart(child: ChildProcess, output: () => string, isReachable: boolean): Promise<RegExpExecArray> {
  for (let waited = 0; waited < STARTS_WITHIN_MS; waited += 20) {
    const found = /API\s+(http:\S+)\/beta {2}and {2}(https:\S+)\/beta/.exec(output());
    if (found && (!isReachable || (await isReady(found[1] ?? '')))) return found;
    if (child.exitCode !== null) break;
    await delay(20);
  }
  child.kill('SIGKILL');
  throw new Error(`The server did not start:\n${output()}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
  return child.exitCode;
}

/** Starts the server and waits until it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const { child, data, output } = spawnServer(options);
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const [, url = '', tlsUrl = ''] = await waitForStart(child, output, options.prefix === undefined);
  const read = (name: string): string => readFileSync(path.join(data, name), 'utf8').trim();
  const endWith = async (signal: NodeJS.Signals): Promise<number | null> => {
    const code = await end(child, signal);
    process.off('exit', killAtExit);
    return code;
  };
  return {
    url,
    tlsUrl,
    data,
    pid: child.pid ?? 0,
    output,
    token: () => read('token'),
    feedKey: () => read('feed-key'),
    stop: () => endWith('SIGTERM'),
    kill: async () => void (await endWith('SIGKILL')),
    again: () => startServer({ ...options, data }),
    discard: async () => {
      await endWith('SIGTERM');
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** JSON of any shape: tests look into it as deep as they like. */
export interface Json {
  readonly [name: string]: Json | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** `{}` where the answer is no JSON. */
  readonly json: Json;
}

export interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the connection. */
  readonly signal?: AbortSignal;
}

/** Asks the server with its own token, unless told otherwise. */
export async function ask(
  server: Pick<TestServer, 'url' | 'token'>,
  pathAndQuery: string,
  asked: Asked = {},
): Promise<Reply> {
  const { method = asked.body === undefined ? 'GET' : 'POST', body, headers = {} } = asked;
  const token = asked.token === undefined ? server.token() : asked.token;
  const response = await fetch(`${server.url}${pathAndQuery}`, {
    method,
    ...(asked.signal && { signal: asked.signal }),
    headers: {
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, text, json: isJson && text ? JSON.parse(text) : {} };
}

/** Polls until a condition holds; fails with what was seen last. */
export async function until<Value>(
  read: () => Promise<Value> | Value,
  holds: (value: Value) => boolean,
  withinMs = 10_000,
): Promise<Value> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > deadline) throw new Error(`It did not come to pass. Last seen: ${JSON.stringify(value)}`);
    await delay(15);
  }
}
