import { createServer, type Server } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What is counted. Labels never hold a target, a user or an id. */
export interface Metrics {
  readonly registry: Registry;
  request(method: string, route: string, status: number, seconds: number): void;
  attempt(provider: string, kind: string, outcome: string, seconds: number): void;
  providerUp(provider: string, up: boolean): void;
  releaseFailed(provider: string): void;
  poisoned(provider: string): void;
  clockJumped(): void;
  clockTrusted(trusted: boolean): void;
  /** A request was refused because too much was under way. */
  shed(kind: string, reason: string): void;
  /** Where to look for how many requests of a kind are under way, and how many wait. */
  watchLoad(kind: string, look: () => { readonly inside: number; readonly waiting: number }): void;
  /** Where to look for how long the event loop stood still lately. */
  watchLoop(worstMs: () => number): void;
  /** Whether a tenant's calls of a provider are held back. */
  breaker(provider: string, tenantId: string, state: string): void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Tenants by state; those that nothing is held back from are not counted. */
function countByState(gauge: Gauge<'provider' | 'state'>): Metrics['breaker'] {
  const states = new Map<string, string>();
  return (provider, tenantId, state) => {
    const key = `${tenantId} ${provider}`;
    const before = states.get(key) ?? 'closed';
    if (before === state) return;
    if (before !== 'closed') gauge.dec({ provider, state: before });
    if (state === 'closed') states.delete(key);
    else {
      states.set(key, state);
      gauge.inc({ provider, state });
    }
  };
}

type AlarmMetrics = Pick<Metrics, 'releaseFailed' | 'poisoned' | 'clockJumped' | 'clockTrusted' | 'breaker'>;

/** What somebody should look at. */
function createAlarms(registers: Registry[]): AlarmMetrics {
  const releasesFailed = new Counter({
    name: 'interdict_release_failed_total',
    help: 'Actions whose release did not succeed in time: what they put in force may be so still.',
    labelNames: ['provider'],
    registers,
  });
  const poisoned = new Counter({
    name: 'interdict_poisoned_total',
    help: 'Actions on effects that are not asked for any more: calls of them killed the server.',
    labelNames: ['provider'],
    registers,
  });
  const jumps = new Counter({
    name: 'interdict_clock_jumps_total',
    help: 'How often the clock of the system was set by more than five seconds.',
    registers,
  });
  const clockTrusted = new Gauge({
    name: 'interdict_clock_trusted',
    help: '0 while the time of the system is not believed.',
    registers,
  });
  const heldBack = new Gauge({
    name: 'interdict_provider_held_back_tenants',
    help: 'Tenants whose calls of a provider are held back, by why.',
    labelNames: ['provider', 'state'],
    registers,
  });
  return {
    releaseFailed: (provider) => releasesFailed.inc({ provider }),
    poisoned: (provider) => poisoned.inc({ provider }),
    clockJumped: () => jumps.inc(),
    clockTrusted: (trusted) => clockTrusted.set(trusted ? 1 : 0),
    breaker: countByState(heldBack),
  };
}

/** What the server is asked for, and whether it can carry it. */
function createLoadMetrics(registers: Registry[]): Pick<Metrics, 'shed' | 'watchLoad' | 'watchLoop'> {
  const shed = new Counter({
    name: 'interdict_requests_shed_total',
    help: 'Requests that were refused with 429 or 503 because too much was under way.',
    labelNames: ['kind', 'reason'],
    registers,
  });
  const looks = new Map<string, () => { readonly inside: number; readonly waiting: number }>();
  new Gauge({
    name: 'interdict_requests_waiting',
    help: 'Requests that wait to be let in.',
    labelNames: ['kind'],
    registers,
    collect() {
      for (const [kind, look] of looks) this.set({ kind }, look().waiting);
    },
  });
  new Gauge({
    name: 'interdict_requests_under_way',
    help: 'Requests that were let in and are not answered yet.',
    labelNames: ['kind'],
    registers,
    collect() {
      for (const [kind, look] of looks) this.set({ kind }, look().inside);
    },
  });
  let worstMs = (): number => 0;
  new Gauge({
    name: 'interdict_event_loop_stalled_seconds',
    help: 'For how long the event loop stood still at most, in the last ten seconds.',
    registers,
    collect() {
      this.set(worstMs() / 1_000);
    },
  });
  return {
    shed: (kind, reason) => shed.inc({ kind, reason }),
    watchLoad: (kind, look) => void looks.set(kind, look),
    watchLoop: (look) => {
      worstMs = look;
    },
  };
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: 'interdict_http_request_duration_seconds',
    help: 'From the request line to the last byte of the answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const calls = new Histogram({
    name: 'interdict_provider_request_duration_seconds',
    help: 'One call of a provider, with the look behind it.',
    labelNames: ['provider', 'operation', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  const outcomes = new Counter({
    name: 'interdict_provider_calls_total',
    help: 'Calls of a provider.',
    labelNames: ['provider', 'operation', 'outcome'],
    registers,
  });
  const up = new Gauge({
    name: 'interdict_provider_up',
    help: '1 while the provider answers as it should.',
    labelNames: ['provider'],
    registers,
  });
  return {
    registry,
    ...createAlarms(registers),
    ...createLoadMetrics(registers),
    request: (method, route, status, seconds) =>
      requests.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, seconds),
    attempt: (provider, operation, outcome, seconds) => {
      calls.observe({ provider, operation, outcome }, seconds);
      outcomes.inc({ provider, operation, outcome });
    },
    providerUp: (provider, isUp) => up.set({ provider }, isUp ? 1 : 0),
  };
}

/** Serves `/metrics` on loopback, apart from the API. */
export async function openMetricsServer({ registry }: Metrics, port: number): Promise<Server> {
  collectDefaultMetrics({ register: registry });
  const server = createServer((request, response) => {
    if (request.url === '/metrics')
      void registry.metrics().then((text) => response.setHeader('Content-Type', registry.contentType).end(text));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}
