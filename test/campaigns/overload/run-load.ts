import { setTimeout as delay } from 'node:timers/promises';
import { ask, type TestServer } from '../../server.ts';
import { tokenFor, tokenOf } from '../../tenant-token.ts';
import { goodput, ofFate } from './figures.ts';
import type { Sent, Stream, StreamResult } from './load-plan.ts';
import { type Generator, type Measured, measure, moveTo, startGenerator } from './rig.ts';

/** How long each part lasts, in seconds. */
export interface Lengths {
  readonly quiet: number;
  readonly peak: number;
  readonly overload: number;
  readonly after: number;
  readonly alone: number;
  readonly flooded: number;
}

export interface LoadSeen {
  readonly before: StreamResult;
  /** Requests carried out in a second where all come as soon as they may. */
  readonly peak: number;
  readonly peakMb: number;
  /** Of the server's processor time, for each request that was carried out; refusals are paid from it. */
  readonly peakCpuMs: number;
  readonly floodCpuMs: number;
  readonly flood: StreamResult;
  readonly floodMb: number;
  readonly cancels: StreamResult;
  /** Of a stop, and of the resume behind it. */
  readonly brakeMs: readonly number[];
  readonly after: StreamResult;
  readonly alone: readonly StreamResult[];
  readonly flooded: readonly StreamResult[];
  readonly posts: readonly Sent[];
}

const FACTOR = 10;
export const RUN_UP_SECONDS = 2;
const PROVIDER = 'simulator';
/** As many as the server takes, but for some hundred of others. */
export const FLOOD_CONNECTIONS = 6_000;
const PEAK_CONNECTIONS = 256;
const QUIET_PER_SECOND = 100;
const CANCELS_PER_SECOND = 50;
const OTHERS = ['aaaaaaaa-1111-4111-8111-111111111111', 'bbbbbbbb-1111-4111-8111-111111111111'];
/** Of the peak, for each of the others. */
const OTHERS_SHARE = 0.05;

interface Rig {
  readonly server: TestServer;
  readonly lengths: Lengths;
  /** One that floods, and one for the rest, whose figures it must not spoil. */
  readonly flooding: Generator;
  readonly other: Generator;
  nextIndex: number;
  readonly posts: Sent[];
}

type Wanted = Omit<Stream, 'sent' | 'token'> & { readonly token?: string };

function posting(rig: Rig, wanted: Wanted): Stream {
  const firstIndex = rig.nextIndex;
  // None comes twice, however fast it goes.
  rig.nextIndex += 20_000 * wanted.seconds;
  return { token: rig.server.token(), ...wanted, sent: { firstIndex } };
}

async function run(rig: Rig, generator: Generator, streams: readonly Stream[]): Promise<readonly StreamResult[]> {
  const results = await generator.run(streams);
  results.forEach(({ sent }, index) => {
    const stream = streams[index];
    if (stream && 'firstIndex' in stream.sent) for (const each of sent) rig.posts.push(each);
  });
  return results;
}

async function runOne(rig: Rig, generator: Generator, stream: Stream): Promise<StreamResult> {
  const [result] = await run(rig, generator, [stream]);
  if (!result) throw new Error(`There is no result of ${stream.name}.`);
  return result;
}

const quiet = (rig: Rig, seconds: number): Promise<StreamResult> =>
  runOne(rig, rig.other, posting(rig, { name: 'quiet', perSecond: QUIET_PER_SECOND, connections: 200, seconds }));

/** Stops the dispatch of the tenant that floods and resumes it: how long each takes to be answered. */
async function brake({ server }: Rig): Promise<readonly number[]> {
  const [stop, resume] = ['/beta/security/stopDispatch', '/beta/security/resumeDispatch'];
  const permissions = ['SecurityActions.Approve.All'] as const;
  const person = await tokenFor(server, { permissions, delegated: true, user: 'lead@example.com' });
  const times: number[] = [];
  for (const [path, token] of [
    [stop, server.token()],
    [resume, person],
  ] as const) {
    const beganAt = performance.now();
    const { status, text } = await ask(server, path, { body: { reason: 'Too much is going on.' }, token });
    if (status !== 204) throw new Error(`${path} answered ${status}: ${text}`);
    times.push(performance.now() - beganAt);
  }
  return times;
}

interface Flood {
  readonly flood: StreamResult;
  readonly cancels: StreamResult;
  readonly brakeMs: readonly number[];
}

async function overload(rig: Rig, peak: number, cancellable: readonly string[]): Promise<Flood> {
  const { overload: seconds } = rig.lengths;
  const perSecond = peak * FACTOR;
  const flood = runOne(
    rig,
    rig.flooding,
    posting(rig, { name: 'flood', perSecond, connections: FLOOD_CONNECTIONS, seconds }),
  );
  await delay(RUN_UP_SECONDS * 1_000);
  const cancel = cancellable.slice(0, CANCELS_PER_SECOND * (seconds - RUN_UP_SECONDS));
  const cancels = runOne(rig, rig.other, {
    ...{ name: 'cancels', token: rig.server.token(), perSecond: CANCELS_PER_SECOND, connections: 200 },
    ...{ seconds: cancel.length / CANCELS_PER_SECOND, sent: { cancel } },
  });
  await delay((seconds * 1_000) / 3);
  const brakeMs = await brake(rig);
  return { flood: await flood, cancels: await cancels, brakeMs };
}

const othersOf = (rig: Rig, peak: number, seconds: number): Promise<readonly Stream[]> =>
  Promise.all(
    OTHERS.map(async (tenantId) => {
      const token = await tokenOf(rig.server, tenantId);
      return posting(rig, { name: tenantId, token, perSecond: peak * OTHERS_SHARE, connections: 500, seconds });
    }),
  );

async function flooded(rig: Rig, peak: number): Promise<readonly StreamResult[]> {
  const { flooded: seconds } = rig.lengths;
  const stream = { name: 'flood', perSecond: peak * FACTOR, connections: FLOOD_CONNECTIONS, seconds };
  const flood = runOne(rig, rig.flooding, posting(rig, stream));
  await delay(RUN_UP_SECONDS * 1_000);
  const results = await run(rig, rig.other, await othersOf(rig, peak, seconds - RUN_UP_SECONDS));
  await flood;
  return results;
}

const cpuMsEach = ({ cpuSeconds }: Measured<unknown>, result: StreamResult): number =>
  (cpuSeconds * 1_000) / ofFate(result, 'ok').length;

async function runParts(rig: Rig, say: (words: string) => void): Promise<LoadSeen> {
  const { lengths, server } = rig;
  const closed = { connections: PEAK_CONNECTIONS, seconds: lengths.peak };
  say('runs warm');
  const warm = await runOne(rig, rig.flooding, posting(rig, { name: 'warm', ...closed }));
  const before = await quiet(rig, lengths.quiet);
  const peaking = await measure(server.pid, () => runOne(rig, rig.flooding, posting(rig, { name: 'peak', ...closed })));
  const peak = goodput(peaking.value, lengths.peak, RUN_UP_SECONDS);
  say(`carries ${Math.round(peak)} a second at its peak; now ${FACTOR} times as many`);
  const cancellable = [...ofFate(warm, 'ok'), ...ofFate(peaking.value, 'ok')].flatMap(({ id }) => id ?? []);
  const flooding = await measure(server.pid, () => overload(rig, peak, cancellable.reverse()));
  say('the load has fallen');
  const after = await quiet(rig, lengths.after);
  say('others, alone and then beside a flood');
  const alone = await run(rig, rig.other, await othersOf(rig, peak, lengths.alone));
  const beside = await flooded(rig, peak);
  return {
    ...{ before, peak, peakMb: peaking.mb, floodMb: flooding.mb, ...flooding.value, after, alone, flooded: beside },
    peakCpuMs: cpuMsEach(peaking, peaking.value),
    floodCpuMs: cpuMsEach(flooding, flooding.value.flood),
    posts: rig.posts,
  };
}

/** All parts, one after the other, against one server. */
export async function runLoad(server: TestServer, lengths: Lengths, say: (words: string) => void): Promise<LoadSeen> {
  moveTo('senders');
  const [flooding, other] = [startGenerator(server.url, PROVIDER), startGenerator(server.url, PROVIDER)];
  try {
    return await runParts({ server, lengths, flooding, other, nextIndex: 0, posts: [] }, say);
  } finally {
    flooding.end();
    other.end();
    moveTo('server');
  }
}
