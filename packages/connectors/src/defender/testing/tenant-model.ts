import { randomUUID } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';

/** An answer of Defender's API. */
export interface Said {
  readonly status: number;
  readonly body?: object;
}

type Body = Readonly<Record<string, unknown>>;

/** As its page on errors shows them. */
export const errorOf = (status: number, code: string, message: string): Said => ({
  status,
  body: { error: { code, message, target: randomUUID() } },
});

export interface StoredIndicator {
  id: string;
  indicatorValue: string;
  indicatorType: string;
  action: string;
  application: string | null;
  title: string;
  description: string;
  expirationTime: string | null;
  createdBy: string;
  createdBySource: string;
  sourceType: 'User' | 'AadApp';
  severity: string;
  rbacGroupNames: readonly string[];
  generateAlert: boolean;
  creationTimeDateTimeUtc: string;
}

export interface StoredAction {
  id: string;
  type: string;
  scope: string | null;
  requestor: string;
  requestorComment: string;
  status: 'Pending' | 'InProgress' | 'Succeeded' | 'Failed' | 'TimeOut' | 'Cancelled';
  machineId: string;
  creationDateTimeUtc: string;
}

const TYPES: Readonly<Record<string, RegExp>> = {
  FileSha1: /^[0-9a-fA-F]{40}$/,
  FileMd5: /^[0-9a-fA-F]{32}$/,
  FileSha256: /^[0-9a-fA-F]{64}$/,
  CertificateThumbprint: /^[0-9a-fA-F]{40}$/,
  DomainName: /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i,
  Url: /^https?:\/\/[^\s]+$/,
  IpAddress: /^[0-9a-f.:]+$/i,
};
const MOST_INDICATORS = 15_000;

/** An address alone, and of IPv6 all eight segments. */
function isAddress(value: string): boolean {
  return isIPv4(value) || (isIP(value) === 6 && value.split(':').length === 8 && !value.includes('::'));
}

const oneOf =
  (...allowed: readonly string[]) =>
  (value: unknown): boolean =>
    allowed.includes(String(value));

/** What the documentation wants of each part of a body. */
const WANTS: readonly (readonly [string, (body: Body) => boolean])[] = [
  [
    'action',
    ({ action }) => oneOf('Alert', 'Warn', 'Block', 'Audit', 'BlockAndRemediate', 'AlertAndBlock', 'Allowed')(action),
  ],
  ['generateAlert', ({ action, generateAlert }) => action !== 'Audit' || generateAlert === true],
  ['action', ({ action, indicatorType }) => action !== 'BlockAndRemediate' || String(indicatorType).startsWith('File')],
  ['severity', ({ severity = 'Low' }) => oneOf('Informational', 'Low', 'Medium', 'High')(severity)],
];

/** What is wrong with a body; undefined where it is right. */
function problemOf(body: Body): string | undefined {
  const required = ['indicatorValue', 'indicatorType', 'action', 'title', 'description'];
  const missing = required.find((name) => typeof body[name] !== 'string' || body[name] === '');
  if (missing) return `Parameter ${missing} is missing`;
  const type = String(body.indicatorType);
  const value = String(body.indicatorValue);
  if (!TYPES[type]?.test(value) || (type === 'IpAddress' && !isAddress(value))) return `${type} ${value} is invalid`;
  const wrong = WANTS.find(([, isRight]) => !isRight(body));
  return wrong && `Invalid input ${wrong[0]}`;
}

const VERBS: Readonly<Record<string, { readonly type: string; readonly needs: readonly string[] }>> = {
  isolate: { type: 'Isolate', needs: ['Comment', 'IsolationType'] },
  unisolate: { type: 'Unisolate', needs: ['Comment'] },
  restrictCodeExecution: { type: 'RestrictCodeExecution', needs: ['Comment'] },
  unrestrictCodeExecution: { type: 'UnrestrictCodeExecution', needs: ['Comment'] },
  runAntiVirusScan: { type: 'RunAntiVirusScan', needs: ['Comment', 'ScanType'] },
  collectInvestigationPackage: { type: 'CollectInvestigationPackage', needs: ['Comment'] },
};

interface Submitter {
  readonly id: string;
  readonly name: string;
  readonly isUser?: true;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** What one tenant of Defender holds, by its documentation. It knows nothing of HTTP. */
export class TenantModel {
  indicators: StoredIndicator[] = [];
  actions: StoredAction[] = [];
  /** What devices do: by device, the actions that hold there. */
  readonly devices = new Map<string, Map<string, StoredAction>>();
  /** Devices that are away get nothing. */
  areDevicesAway = false;
  /** The one indicator that makes a whole import be refused. */
  poison: string | undefined;
  /** Enrolled devices; undefined: any. */
  enrolled: ReadonlySet<string> | undefined;
  #count = 0;
  #clockMs = 0;

  now(): number {
    return Date.now() + this.#clockMs;
  }

  advance(ms: number): void {
    this.#clockMs += ms;
  }

  active(): StoredIndicator[] {
    this.indicators = this.indicators.filter(
      ({ expirationTime }) => expirationTime === null || Date.parse(expirationTime) > this.now(),
    );
    return this.indicators;
  }

  /** There is one of a type and a value. `application` counts for a new one alone. */
  submit(body: Body, by: Submitter, known = this.#byName()): Said {
    const problem = problemOf(body);
    if (problem !== undefined) return errorOf(400, 'InvalidInput', problem);
    const found = known.get(`${body.indicatorType} ${body.indicatorValue}`);
    if (!found && this.indicators.length >= MOST_INDICATORS) {
      return errorOf(400, 'BadRequest', 'Max capacity of 15000 indicators was reached');
    }
    const sent = {
      action: String(body.action),
      title: String(body.title),
      description: String(body.description),
      expirationTime: textOf(body.expirationTime),
      severity: textOf(body.severity) ?? 'Informational',
      rbacGroupNames: Array.isArray(body.rbacGroupNames) ? body.rbacGroupNames : [],
      generateAlert: body.generateAlert === true,
    };
    if (found) return { status: 200, body: Object.assign(found, sent) };
    this.#count += 1;
    const made: StoredIndicator = {
      ...sent,
      id: String(900 + this.#count),
      indicatorValue: String(body.indicatorValue),
      indicatorType: String(body.indicatorType),
      application: textOf(body.application),
      createdBy: by.id,
      createdBySource: by.name,
      sourceType: by.isUser ? 'User' : 'AadApp',
      creationTimeDateTimeUtc: new Date(this.now()).toISOString(),
    };
    this.indicators.push(made);
    return { status: 200, body: made };
  }

  importAll(body: Body, by: Submitter): Said {
    const all = body.Indicators;
    if (!Array.isArray(all)) return errorOf(400, 'MissingRequiredParameter', 'Parameter Indicators is missing');
    if (all.length > 500) {
      return errorOf(
        400,
        'MaximumBatchSizeExceeded',
        `Maximum batch size exceeded. Received: ${all.length}, allowed: 500`,
      );
    }
    if (all.some(({ indicatorValue }: Body) => indicatorValue === this.poison)) {
      return errorOf(400, 'InvalidRequestBody', 'Request body is incorrect');
    }
    const known = this.#byName();
    const value = all.map((each: Body) => {
      const { status, body: made } = this.submit(each, by, known);
      const error = (made as { readonly error?: { readonly message: string } }).error;
      const { id = null } = made as { readonly id?: string };
      const isFailed = status !== 200;
      return { id, indicator: each.indicatorValue, isFailed, failureReason: isFailed ? error?.message : null };
    });
    return { status: 200, body: { value } };
  }

  batchDelete(body: Body): Said {
    const ids = body.IndicatorIds;
    if (!Array.isArray(ids) || ids.length === 0 || ids.length > 500) {
      return errorOf(400, 'BadRequest', 'The list of ids is empty or too long');
    }
    const known = new Set(this.active().map(({ id }) => id));
    if (!ids.every((id) => known.has(String(id)))) return errorOf(404, 'NotFound', 'Indicator was not found');
    this.indicators = this.indicators.filter(({ id }) => !ids.includes(id));
    return { status: 204 };
  }

  /** A machine action begins; the device comes to it later. */
  start(machineId: string, verb: string, body: Body, requestor: string): Said {
    const { type, needs } = VERBS[verb] ?? { type: '', needs: [] };
    const missing = needs.find((name) => typeof body[name] !== 'string');
    if (type === '') return errorOf(404, 'NotFound', `No ${verb}`);
    if (missing) return errorOf(400, 'MissingRequiredParameter', `Parameter ${missing} is missing`);
    if (this.enrolled && !this.enrolled.has(machineId)) {
      return errorOf(404, 'ResourceNotFound', `Machine ${machineId} was not found`);
    }
    const isOpen = this.actions.some(
      (each) => each.machineId === machineId && each.type === type && this.#isOpen(each),
    );
    if (isOpen) return errorOf(400, 'BadRequest', 'Action is already in progress');
    const scope = String(body.IsolationType ?? body.ScanType ?? '') || null;
    const made = this.record({ type, scope, requestor, requestorComment: String(body.Comment), machineId });
    return { status: 201, body: made };
  }

  record(made: Omit<StoredAction, 'id' | 'status' | 'creationDateTimeUtc'>): StoredAction {
    // Two of one millisecond are told apart by the seven digits that Defender writes.
    this.#count += 1;
    const at = new Date(this.now() + this.#count).toISOString().replace('Z', '1234Z');
    const action: StoredAction = { ...made, id: randomUUID(), status: 'Pending', creationDateTimeUtc: at };
    this.actions.unshift(action);
    return action;
  }

  cancel(id: string): Said {
    const found = this.actions.find((each) => each.id === id);
    if (!found) return errorOf(404, 'ResourceNotFound', `Machine action ${id} was not found`);
    if (!this.#isOpen(found)) return errorOf(400, 'BadRequest', 'Action is in a final state');
    found.status = 'Cancelled';
    return { status: 200, body: found };
  }

  /** Every device that is there comes one step farther. */
  step(): void {
    if (this.areDevicesAway) return;
    for (const action of this.actions.toReversed()) {
      if (action.status === 'InProgress') this.finish(action);
      else if (action.status === 'Pending') action.status = 'InProgress';
    }
  }

  finish(action: StoredAction): void {
    action.status = 'Succeeded';
    const holds = this.devices.get(action.machineId) ?? new Map<string, StoredAction>();
    this.devices.set(action.machineId, holds);
    if (action.type.startsWith('Un')) holds.delete(action.type === 'Unisolate' ? 'Isolate' : 'RestrictCodeExecution');
    else holds.set(`${action.type}${action.type === 'RunAntiVirusScan' ? ` ${action.scope}` : ''}`, action);
  }

  #byName(): Map<string, StoredIndicator> {
    return new Map(this.active().map((each) => [`${each.indicatorType} ${each.indicatorValue}`, each]));
  }

  #isOpen({ status }: StoredAction): boolean {
    return status === 'Pending' || status === 'InProgress';
  }
}
