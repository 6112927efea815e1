import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';

/** A network namespace of a test's own. Its rules and traffic touch nothing of the machine. */
export interface Namespace {
  readonly name: string;
  /** Puts a program into it, as the first words of a command. */
  readonly enter: readonly string[];
  remove(): void;
}

export const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });

const NAME = /^interdict-[a-z]+-(\d+)-[0-9a-f]{6}/;

/** Of runs that were killed before they could clear away. */
function removeOrphans(): void {
  for (const line of ip('netns', 'list').split('\n')) {
    const [name, pid] = NAME.exec(line) ?? [];
    if (name && !existsSync(`/proc/${pid}`)) ip('netns', 'del', name);
  }
}

export function createNamespace(role: string): Namespace {
  removeOrphans();
  const name = `interdict-${role}-${process.pid}-${randomBytes(3).toString('hex')}`;
  ip('netns', 'add', name);
  ip('-n', name, 'link', 'set', 'lo', 'up');
  return {
    name,
    enter: ['nsenter', `--net=/run/netns/${name}`],
    remove: () => {
      ip('netns', 'del', name);
    },
  };
}
