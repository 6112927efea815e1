/** A process of the bench: sends requests on many connections at once, as fast as they are answered. */
import autocannon from 'autocannon';
import { BATCH_SIZE } from './batch-line.ts';
import { cpuOf, cpuOfFamily, cpuOfMachine } from './cpu-time.ts';
import { quantile } from './quantile.ts';
import { batchBody, recordBody, requestBody } from './request-body.ts';

/** What is sent: POSTs that each have a target of their own, or GETs of these paths, in turn. */
export type Sent =
  | {
      readonly kind: 'request' | 'record' | 'batch';
      readonly provider: string;
      readonly path: string;
      readonly token: string | null;
    }
  | { readonly kind: 'get'; readonly paths: readonly string[]; readonly token: string | null };

export interface Shot {
  readonly url: string;
  readonly sent: Sent;
  readonly status: number;
  readonly connections: number;
  /** Of the first target: none comes twice while a server lives. */
  readonly firstIndex: number;
  readonly runUpMs: number;
  readonly measureMs: number;
  /** The server's process, and the database's first one. */
  readonly serverPid: number;
  readonly databasePid: number | undefined;
}

export interface ShotResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the server's process for each request. */
  readonly cpuUs: number;
  /** Of the database's processes for each request; 0 where there are none. */
  readonly databaseCpuUs: number;
  /** Of one request, with its head; and of one answer. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** With the run-up. */
  readonly answered: number;
  /** Cores that neither the server, its database nor this process had. */
  readonly othersCores: number;
}

interface Prepared {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** More than the real servers answer; the bare one gets some twice. */
const MOST_PER_SECOND = 12_000;
const MOST_BATCHES_PER_SECOND = 1_000;

const BODY_OF = {
  request: requestBody,
  record: recordBody,
  batch: (provider: string, index: number): string => batchBody(provider, index, BATCH_SIZE),
};

function requestsOf({ sent, connections, firstIndex, runUpMs, measureMs }: Shot): readonly Prepared[] {
  const authorization: Record<string, string> = sent.token === null ? {} : { authorization: `Bearer ${sent.token}` };
  if (sent.kind === 'get') {
    return sent.paths.map((path) => ({ method: 'GET', path, headers: authorization }));
  }
  const headers = { ...authorization, 'content-type': 'application/json' };
  const most = sent.kind === 'batch' ? MOST_BATCHES_PER_SECOND : MOST_PER_SECOND;
  const count = Math.ceil((((runUpMs + measureMs) / 1_000) * most) / connections) * connections;
  return Array.from({ length: count }, (_, index) => ({
    method: 'POST',
    path: sent.path,
    headers,
    body: BODY_OF[sent.kind](sent.provider, firstIndex + index),
  }));
}

interface Counted {
  answered: number;
  isMeasuring: boolean;
  readonly tookMs: number[];
  bytesOut: number;
  wrong: string | undefined;
}

interface Moment {
  readonly at: number;
  readonly server: number;
  readonly database: number;
  readonly own: number;
  readonly machine: number;
}

function momentOf({ serverPid, databasePid }: Shot): Moment {
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now(),
    server: cpuOf(serverPid),
    database: databasePid === undefined ? 0 : cpuOfFamily(databasePid),
    own: user + system,
    machine: cpuOfMachine(),
  };
}

function toResult(counted: Counted, begin: Moment, end: Moment, bytesIn: number): ShotResult {
  const count = counted.tookMs.length;
  const [ms, server, database] = [end.at - begin.at, end.server - begin.server, end.database - begin.database];
  const others = end.machine - begin.machine - server - database - (end.own - begin.own);
  return {
    perSecond: (count * 1_000) / ms,
    p50Ms: quantile(counted.tookMs, 0.5),
    p99Ms: quantile(counted.tookMs, 0.99),
    cpuUs: server / count,
    databaseCpuUs: database / count,
    bytesIn,
    bytesOut: counted.bytesOut / count,
    answered: counted.answered,
    othersCores: Math.max(0, others / 1_000 / ms),
  };
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function start(
  shot: Shot,
  prepared: readonly Prepared[],
  counted: Counted,
  done: (error: unknown) => void,
): autocannon.Instance {
  let taken = 0;
  const { connections } = shot;
  const options: autocannon.Options = {
    url: shot.url,
    connections,
    duration: (shot.runUpMs + shot.measureMs) / 1_000 + 30,
    sampleInt: 100,
    setupClient: (client) => {
      const first = taken;
      taken += 1;
      const own = prepared.filter((_, index) => index % connections === first % prepared.length);
      client.setRequests(own.map((request) => ({ ...request })));
    },
  };
  const instance = autocannon(options, done);
  instance.on('response', (_client, status, bytes, tookMs) => {
    counted.answered += 1;
    if (status !== shot.status) counted.wrong ??= `An answer was ${status}, not ${shot.status}.`;
    if (!counted.isMeasuring) return;
    counted.tookMs.push(tookMs);
    counted.bytesOut += bytes;
  });
  instance.on('reqError', (error: Error) => {
    counted.wrong ??= `A request failed: ${error.message}`;
  });
  return instance;
}

async function fire(shot: Shot): Promise<ShotResult> {
  const prepared = requestsOf(shot);
  const counted: Counted = { answered: 0, isMeasuring: false, tookMs: [], bytesOut: 0, wrong: undefined };
  const done = Promise.withResolvers<undefined>();
  const instance = start(shot, prepared, counted, (error) => {
    if (error === null || error === undefined) done.resolve(undefined);
    else done.reject(error);
  });
  await after(shot.runUpMs);
  const begin = momentOf(shot);
  counted.isMeasuring = true;
  await after(shot.measureMs);
  counted.isMeasuring = false;
  const end = momentOf(shot);
  instance.stop();
  await done.promise;
  if (counted.wrong !== undefined) throw new Error(counted.wrong);
  return toResult(counted, begin, end, Buffer.byteLength(prepared[0]?.body ?? ''));
}

process.on('message', (shot: Shot) => {
  fire(shot).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
