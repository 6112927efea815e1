/** Cancels and ends against calls under way: real server, real provider process. `npm run races`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { seededRandom } from '../../packages/server/src/dispatch/testing/seeded-random.ts';
import { startPostgres } from '../postgres.ts';
import { startServer, type TestServer } from '../server.ts';
import { beginCampaign, boundOf, createProgress, endCampaign, type Finding } from './campaign.ts';
import { type Ended, finalOf, read, runRace } from './races/run-race.ts';

const AT_ONCE = 48;
const SECRET = 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0LCBsb25nIGVub3VnaA==';

const { seed, count } = beginCampaign('races', { long: 20_000, short: 500 });

interface Product {
  readonly url: string;
  readonly log: string;
  end(): void;
}

async function startProduct(): Promise<Product> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-races-'));
  const log = path.join(folder, 'effects.log');
  const script = path.join(import.meta.dirname, 'races', 'provider.ts');
  const stdio = ['ignore', 'pipe', 'inherit', 'ipc'] as const;
  const child = spawn(process.execPath, ['--conditions=source', script, log, String(seed)], { stdio: [...stdio] });
  const [port] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  return {
    url: `http://127.0.0.1:${String(port).trim()}/hook`,
    log,
    end: () => {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const config = (url: string): string => `providers:
  - name: edge
    connector: webhook
    url: ${url}
    secret: { env: HOOK_SECRET }
    allowPrivate: true
    verify: true
    timeout: PT1S
    lateness: PT1S
`;

/** One address each: 10.0.0.0 is no target. */
const targetOf = (n: number): string => `ip:10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

interface Outcome {
  readonly ended: readonly Ended[];
  readonly faults: readonly string[];
  readonly left: readonly string[];
  readonly applied: ReadonlySet<string>;
  readonly changed: readonly string[];
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

async function runAll(server: TestServer, product: Product, races: number): Promise<Outcome> {
  const random = seededRandom(seed);
  const token = server.token();
  const [ended, faults]: [Ended[], string[]] = [[], []];
  const say = createProgress(races);
  let begun = 0;
  const work = async (): Promise<void> => {
    while (begun < races) {
      begun += 1;
      const race = { server, token, random, target: targetOf(begun) };
      await runRace(race).then(
        (each) => ended.push(...each),
        (thrown: unknown) => faults.push(`${race.target}: ${messageOf(thrown)}`),
      );
      say(begun, `${faults.length} faults`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const changed: string[] = [];
  for (const { id, final } of ended) if (finalOf(await read({ server, token }, id)) !== final) changed.push(id);
  const left = (await (await fetch(product.url)).json()) as string[];
  const lines = readFileSync(product.log, 'utf8').split('\n');
  const applied = new Set(lines.filter((line) => line.startsWith('apply ')).map((line) => line.slice(6)));
  return { ended, faults, left, applied, changed };
}

/** Ends that the contract knows for a block that was cancelled, or whose end came, whatever its product did. */
const ENDS = [
  'Completed released',
  'Failed 1 none',
  'Failed 1 released',
  'Failed 2 none',
  'Failed 7 none',
  'Failed 8 released',
];

const endOf = ({ status, code, state }: Ended): string =>
  [status, code, state].filter((part) => part !== undefined).join(' ');

function judge(engine: string, { ended, faults, left, applied, changed }: Outcome): Finding[] {
  const holders = Map.groupBy(ended, ({ target }) => target);
  const early = ended.filter((each) => endOf(each) === 'Failed 1 none' && holders.get(each.target)?.length === 1);
  const called = early.filter(({ target }) => applied.has(target));
  const strange = ended.filter((each) => !ENDS.includes(endOf(each)));
  const kinds = [...Map.groupBy(ended, endOf)].map(([end, all]) => `${end}: ${all.length}`).join(', ');
  const some = (all: readonly string[]): string | undefined =>
    all.length === 0 ? undefined : `${all.length}: ${all.slice(0, 5).join('; ')}`;
  return [
    { promise: `${engine}: every race comes to its end`, broken: some(faults), seen: `${ended.length} actions` },
    {
      promise: `${engine}: no call after an early cancel`,
      broken: some(called.map(({ target }) => target)),
      seen: `${early.length} early, ${boundOf(early.length)}`,
    },
    {
      promise: `${engine}: no effect is left after its release`,
      broken: some(left),
      seen: `${applied.size} targets applied`,
    },
    { promise: `${engine}: what is final stays so`, broken: some(changed) },
    {
      promise: `${engine}: each ends as the contract says`,
      broken: some(strange.map((each) => `${each.id} ${endOf(each)}`)),
      seen: kinds,
    },
  ];
}

async function campaign(engine: string, races: number, env: Readonly<Record<string, string>>): Promise<Finding[]> {
  const product = await startProduct();
  let server: TestServer | undefined;
  try {
    server = await startServer({ config: config(product.url), env: { HOOK_SECRET: SECRET, ...env } });
    return judge(engine, await runAll(server, product, races));
  } finally {
    await server?.discard();
    product.end();
  }
}

const findings = await campaign('SQLite', count, {});
const postgres = await startPostgres('18');
try {
  const races = Math.max(1, Math.floor(count / 10));
  findings.push(...(await campaign('PostgreSQL', races, { INTERDICT_DATABASE_URL: postgres.url })));
} finally {
  await postgres.stop();
}
endCampaign(findings);
