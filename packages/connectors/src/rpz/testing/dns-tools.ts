import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program of an administrator's or a client's, and gives what it printed. */
export async function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  await once(child, 'close');
  return text;
}

export interface Asked {
  readonly status: string;
  readonly answers: readonly string[];
}

/** What a client is told, for each question as `name type`, by dig. */
export async function dig(port: number, questions: readonly string[]): Promise<readonly Asked[]> {
  if (questions.length === 0) return [];
  const common = ['@127.0.0.1', '-p', `${port}`, '+tcp', '+time=2', '+tries=1', '+noall', '+comments', '+answer'];
  const input = questions.join('\n');
  const text = await run('dig', [...common, '+keepopen', '-f', '-'], `${input}\n`);
  return text
    .split(/^;; Got answer:$/m)
    .slice(1)
    .map((part) => ({
      status: /status: ([A-Z]+)/.exec(part)?.[1] ?? 'none',
      answers: part.split('\n').filter((line) => line !== '' && !line.startsWith(';')),
    }));
}

/** Whether a client is told that each name does not exist. */
export const areBlocked = async (port: number, names: readonly string[]): Promise<readonly boolean[]> =>
  (
    await dig(
      port,
      names.map((name) => `${name} ${name.startsWith('ip6-') ? 'AAAA' : 'A'}`),
    )
  ).map(({ status }) => status === 'NXDOMAIN');
