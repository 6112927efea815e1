import { spawn } from 'node:child_process';

export interface ClientRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a product's own client to its end. */
export async function runClient(
  [program, ...args]: readonly [string, ...string[]],
  { input = '', env = {} }: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<ClientRun> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk;
    });
  }
  child.stdin.on('error', () => undefined).end(input);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject).on('close', resolve);
  return { code: await promise, ...texts };
}

/** As {@link runClient}. @throws {Error} where the client does not end well */
export async function mustRun(command: readonly [string, ...string[]], input = '', env = {}): Promise<string> {
  const { code, stdout, stderr } = await runClient(command, { input, env });
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/** The entries of unwrapped LDIF: lower-case attribute → values. */
export function readLdif(ldif: string): readonly ReadonlyMap<string, readonly string[]>[] {
  return ldif
    .split('\n\n')
    .map((block) => {
      const values = new Map<string, string[]>();
      for (const line of block.split('\n')) {
        const [, name, isBase64, value] = /^([\w-]+):(:?) ?(.*)$/.exec(line) ?? [];
        if (!name) continue;
        const plain = isBase64 ? Buffer.from(value ?? '', 'base64').toString() : (value ?? '');
        values.set(name.toLowerCase(), [...(values.get(name.toLowerCase()) ?? []), plain]);
      }
      return values;
    })
    .filter((values) => values.has('dn'));
}
