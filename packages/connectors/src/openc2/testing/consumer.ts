import { PacketFilter } from './packet-filter.ts';

/** A response, as the standard has it. */
export interface Response {
  readonly status: number;
  readonly status_text?: string;
  readonly results?: object;
}

/** A rule, a contained device or a denied file. */
export interface Entry {
  readonly number: number;
  readonly commandId: string;
  readonly action: string;
  readonly target: Record<string, unknown>;
  readonly end: number | undefined;
}

export interface ConsumerOptions {
  readonly name: string;
  readonly profile: 'slpf' | 'pf' | 'er';
  readonly profileIn?: 'actuator' | 'profile';
  /** Whether it knows `duration`. */
  readonly duration?: boolean;
  readonly pairs?: Record<string, string[]>;
  readonly deduplicates?: boolean;
  /** Without: entries are kept in memory only. */
  readonly filters?: boolean;
  /** Contained devices may be released without saying how they were contained. */
  readonly allowTakesArgs?: boolean;
}

const PAIRS: Record<string, Record<string, string[]>> = {
  slpf: { query: ['features'], deny: ['ipv4_net', 'ipv6_net'], delete: ['slpf:rule_number'] },
  pf: { query: ['features'], deny: ['ipv4_net', 'ipv6_net', 'domain_name', 'uri'], delete: ['pf/rule_number'] },
  er: { query: ['features'], contain: ['device'], deny: ['file'], allow: ['device', 'file'] },
};

const only = (value: object, allowed: readonly string[]): boolean =>
  Object.keys(value).every((key) => allowed.includes(key));

interface Request {
  readonly action: string;
  readonly target: Record<string, unknown>;
  readonly args?: Record<string, unknown>;
  readonly command_id?: string;
}

/** An OpenC2 consumer, written from the language and its profiles: strict, and it does each command once. */
export class Consumer {
  readonly options: ConsumerOptions;
  readonly filter: PacketFilter | undefined;
  readonly requests: Request[] = [];
  entries: Entry[] = [];
  readonly done = new Map<string, Promise<Response>>();
  /** What it answers to anything but queries, while it is set. */
  says: ((request: Request) => Response | undefined) | undefined;
  #number = 0;

  constructor(options: ConsumerOptions) {
    this.options = options;
    if (options.filters) this.filter = new PacketFilter();
  }

  /** The commands that were done, without queries and repeats. */
  get operations(): number {
    return this.done.size;
  }

  /** As the kernel lists them, where there is one behind. */
  inForce(): readonly Entry[] {
    const names = this.filter?.names();
    if (!names) return this.entries;
    const isNet = ({ target }: Entry) => 'ipv4_net' in target || 'ipv6_net' in target;
    return this.entries.filter((entry) => !isNet(entry) || names.includes(`rule-${entry.number}`));
  }

  /** As its administrator would. */
  async put(target: Record<string, unknown>): Promise<void> {
    await this.#add({ action: 'deny', target }, {});
  }

  async lose(target: Record<string, unknown>): Promise<void> {
    const text = JSON.stringify(target);
    for (const { number, target: each } of this.entries.filter((entry) => JSON.stringify(entry.target) === text)) {
      if ('ipv4_net' in each) await this.filter?.delete(`rule-${number}`);
    }
    this.#forget(target);
  }

  async take(text: string): Promise<{ readonly request: Request | undefined; readonly answer: () => Promise<object> }> {
    const message = JSON.parse(text);
    const { profileIn = 'actuator' } = this.options;
    const request = message.body?.openc2?.request;
    const isValid =
      only(message, ['headers', 'body']) &&
      only(message.headers, ['request_id', 'created', 'from', 'to']) &&
      only(message.body, ['openc2']) &&
      only(message.body.openc2, ['request']) &&
      only(request, ['action', 'target', 'args', 'command_id', profileIn]) &&
      Object.keys(request.target).length === 1 &&
      (request.args === undefined || Object.keys(request.args).length > 0);
    const respond = async () => (isValid ? this.#respond(request) : { status: 400, status_text: 'An unknown key.' });
    const toMessage = (response: Response) => ({
      headers: { request_id: message.headers.request_id, created: Date.now(), from: this.options.name },
      body: { openc2: { response } },
    });
    return { request: isValid ? request : undefined, answer: async () => toMessage(await respond()) };
  }

  async #respond(request: Request): Promise<Response> {
    const { profile, pairs = PAIRS[profile] } = this.options;
    if (request.action === 'query') {
      if (!only(request.args ?? {}, ['response_requested'])) return { status: 400 };
      return { status: 200, results: { versions: ['1.0'], profiles: [profile], pairs } };
    }
    this.requests.push(request);
    const said = this.says?.(request);
    if (said) return said;
    const id = request.command_id ?? '';
    const before = this.options.deduplicates === false ? undefined : this.done.get(id);
    const response = before ?? this.#do(request);
    this.done.set(id, response);
    return response;
  }

  async #do(request: Request): Promise<Response> {
    const { action, target, args = {} } = request;
    const { profile, duration = true } = this.options;
    if ('duration' in args && !duration) return { status: 501, status_text: 'duration is not supported' };
    if (action === 'delete') return this.#delete(target, profile);
    if (action === 'allow') return this.#allow(target, args);
    if (action === 'contain' && !(args.er as { device_containment?: string } | undefined)?.device_containment) {
      return { status: 400, status_text: 'device_containment is mandatory' };
    }
    return this.#add(request, args);
  }

  #allow(target: Record<string, unknown>, args: Record<string, unknown>): Response {
    const { allowTakesArgs = true } = this.options;
    if ('er' in args && !allowTakesArgs) return { status: 501, status_text: 'device_containment is not supported' };
    return this.#forget(target) ? { status: 200 } : { status: 404, status_text: 'No such device.' };
  }

  #forget(target: Record<string, unknown>): boolean {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => JSON.stringify(entry.target) !== JSON.stringify(target));
    return this.entries.length < before;
  }

  async #add({ action, target, command_id = '' }: Request, args: Record<string, unknown>): Promise<Response> {
    const { profile } = this.options;
    if (profile === 'er') this.#forget(target);
    this.#number += 1;
    const number = this.#number;
    const end = typeof args.duration === 'number' ? Date.now() + args.duration : undefined;
    const net = target.ipv4_net ?? target.ipv6_net;
    if (typeof net === 'string') await this.filter?.add(`rule-${number}`, net);
    this.entries.push({ number, commandId: command_id, action, target, end });
    return profile === 'er' ? { status: 200 } : { status: 200, results: { [profile]: { rule_number: number } } };
  }

  async #delete(target: Record<string, unknown>, profile: string): Promise<Response> {
    const nested = target[profile] as { rule_number?: number } | undefined;
    const number = profile === 'slpf' ? target['slpf:rule_number'] : nested?.rule_number;
    const found = this.entries.find((entry) => entry.number === number);
    if (!found) return { status: 404, status_text: 'No such rule.' };
    this.entries = this.entries.filter((entry) => entry !== found);
    if ('ipv4_net' in found.target || 'ipv6_net' in found.target) await this.filter?.delete(`rule-${found.number}`);
    return { status: 200 };
  }
}
