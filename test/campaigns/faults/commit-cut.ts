import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../../packages/server/src/dispatch/testing/seeded-random.ts';
import { DatabaseProxy } from '../../database-proxy.ts';
import { startPostgres } from '../../postgres.ts';
import { startServer, type TestServer, until } from '../../server.ts';
import { boundOf, type Finding } from '../campaign.ts';
import { sumTold } from './add-up.ts';
import type { Fault, FaultRun } from './fault.ts';
import { compareTold, nothingTold, postOne, readState, repeatUnknown, some, type Told } from './told.ts';
import { cancelOne, compareCancels, noCancelTold, type ToldCancels } from './told-cancels.ts';
import { changeOne, compareChanges, noChangeTold, type ToldChanges } from './told-changes.ts';

/** Longer than it takes to find out, and less than the server's patience of 8 s. */
const LONGEST_OUTAGE_MS = 1_500;
/** Long before a lease runs out, which is 19 s at the simulator: also where its commit was unknown. */
const SETTLED_WITHIN_MS = 12_000;
const ACCEPTED_WITHIN_MS = 60_000;
const CUT_WITHIN_MS = 20_000;

interface Bench extends FaultRun {
  readonly server: TestServer;
  readonly proxy: DatabaseProxy;
  readonly told: Told;
  readonly cancels: ToldCancels;
  readonly changes: ToldChanges;
  readonly wrong: string[];
}

/** Under which text in its transaction a commit is known, and what is answered once the database is back. */
interface Commit {
  readonly name: string;
  readonly marker: string;
  readonly needsAction: boolean;
  readonly before: number;
  readonly after: number;
  readonly run: (bench: Bench, id: string) => Promise<number>;
}

const create = ({ told, server }: Bench): Promise<number> => postOne(told, server);
const commit = (name: string, marker: string, run: Commit['run'], of: Partial<Commit> = {}): Commit => ({
  name,
  marker: `securityAction.${marker}`,
  needsAction: true,
  before: 200,
  after: 200,
  run,
  ...of,
});

const COMMITS: readonly Commit[] = [
  commit('POST', 'created', create, { needsAction: false, before: 503, after: 201 }),
  commit('cancel', 'cancelRequested', ({ cancels, server }, id) => cancelOne(cancels, server, id)),
  commit('PATCH', 'updated', ({ changes, server }, id) => changeOne(changes, server, id)),
  // It is accepted; what is cut is the commit of the dispatcher.
  commit('intent', 'started', create, { needsAction: false, before: 201, after: 201 }),
  commit('result', 'completed', create, { needsAction: false, before: 201, after: 201 }),
];

const inForce = async ({ told, server }: Bench, index: number): Promise<string> => {
  const id = told.accepted.get(index);
  if (id === undefined) throw new Error(`Target ${index} was not accepted.`);
  const isIt = (state: string): boolean => state === 'inForce';
  await until(() => readState(server, id).catch(String), isIt, SETTLED_WITHIN_MS);
  return id;
};

async function anAction(bench: Bench): Promise<string> {
  await until(
    () => postOne(bench.told, bench.server),
    (status) => status === 201,
    ACCEPTED_WITHIN_MS,
  );
  return await inForce(bench, bench.told.next - 1);
}

/** One commit is cut off, and the database comes back. */
async function cutOne(
  bench: Bench,
  { name, marker, run, ...of }: Commit,
  when: 'before' | 'after',
  ms: number,
): Promise<void> {
  const { proxy, told, wrong } = bench;
  const words = `${name}, cut ${when} the commit, ${Math.round(ms)} ms`;
  const before = await anAction(bench);
  const id = of.needsAction ? before : '';
  proxy.cutCommit(when, marker);
  const answer = run(bench, id);
  const isCut = await until(() => proxy.hasCut, Boolean, CUT_WITHIN_MS).catch(() => false);
  await delay(200 + ms);
  proxy.setReachable(true);
  const status = await answer;
  if (!isCut) wrong.push(`${words}: it was never cut`);
  if (status !== of[when]) wrong.push(`${words}: ${status} instead of ${of[when]}`);
  if (status === 201) await inForce(bench, told.next - 1).catch((error) => wrong.push(`${words}: ${String(error)}`));
}

async function cutAll(bench: Bench): Promise<readonly Finding[]> {
  const { count, seed, say, told, cancels, changes, server, wrong } = bench;
  const random = seededRandom(seed);
  await anAction(bench);
  for (let index = 0; index < count; index += 1) {
    const of = COMMITS[index % COMMITS.length] as Commit;
    const when = Math.floor(index / COMMITS.length) % 2 === 0 ? 'after' : 'before';
    await cutOne(bench, of, when, random() * LONGEST_OUTAGE_MS);
    say(index + 1, `${of.name}, ${when}`);
  }
  await repeatUnknown(told, server);
  return [
    ...(await compareTold(told, server)),
    ...(await compareCancels(cancels, server)),
    ...(await compareChanges(changes, server)),
    {
      promise: 'after a cut in COMMIT the truth is found out and answered',
      broken: some(wrong),
      seen: `${count} cuts; ${sumTold([{ told, cancels }])}; ${boundOf(count)} a cut`,
    },
  ];
}

/** PostgreSQL goes out of reach when a COMMIT is sent, or right after it was carried out. */
export const commitCut: Fault = {
  name: 'commit-cut',
  cases: { long: 300, short: 10 },
  run: async (run) => {
    const postgres = await startPostgres('18');
    const proxy = new DatabaseProxy(postgres.url);
    let server: TestServer | undefined;
    try {
      server = await startServer({ env: { INTERDICT_DATABASE_URL: await proxy.start() } });
      const toldSoFar = { told: nothingTold(), cancels: noCancelTold(), changes: noChangeTold(), wrong: [] };
      return await cutAll({ ...run, ...toldSoFar, server, proxy });
    } finally {
      await server?.discard();
      await proxy.stop();
      await postgres.stop();
    }
  },
};
