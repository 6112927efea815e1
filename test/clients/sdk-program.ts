import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Json, TestServer } from '../server.ts';

/** A program of its own that uses an SDK as it comes from npm, as a user would run it. */
export interface SdkProgram {
  /** What one scenario gave back. @throws with what was printed where it threw instead */
  run(name: string, input?: unknown): Promise<Json>;
  /** What one scenario threw. @throws where it gave something back */
  fail(name: string, input?: unknown): Promise<Json>;
  stop(): Promise<void>;
}

interface Outcome {
  readonly value?: Json;
  readonly thrown?: Json;
}

/** Where a program finds the server, and the token that it sends. */
export interface ProgramOptions {
  readonly baseUrl?: string;
  readonly tokenFile?: string;
}

/**
 * Starts `programs/<name>.ts`. Its trust in the server's self-made certificate comes from `NODE_EXTRA_CA_CERTS`,
 * which Node reads at the start of a process only.
 */
export function startProgram(
  name: string,
  server: TestServer,
  { baseUrl = server.tlsUrl, tokenFile = path.join(server.data, 'token') }: ProgramOptions = {},
): SdkProgram {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'programs', `${name}.ts`)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      NODE_EXTRA_CA_CERTS: path.join(server.data, 'tls', 'cert.pem'),
      BASE_URL: baseUrl,
      TOKEN_FILE: tokenFile,
    },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (scenario: string, input: unknown): Promise<Outcome> => {
    child.stdin.write(`${JSON.stringify({ name: scenario, input: input ?? null })}\n`);
    const line = await lines.next();
    if (line.done) throw new Error(`The program ${name} ended during "${scenario}".`);
    return JSON.parse(line.value) as Outcome;
  };
  return {
    run: async (scenario, input) => {
      const { value, thrown } = await ask(scenario, input);
      if (thrown !== undefined) throw new Error(`${scenario} threw ${JSON.stringify(thrown)}`);
      return value as Json;
    },
    fail: async (scenario, input) => {
      const { value, thrown } = await ask(scenario, input);
      if (thrown === undefined) throw new Error(`${scenario} gave ${JSON.stringify(value)}`);
      return thrown;
    },
    stop: async () => {
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
}
