import { spawn, spawnSync } from 'node:child_process';
import { createNamespace, type Namespace } from '../../nftables/testing/namespaces.ts';

const SETUP = `
table inet openc2 {
  chain both { }
  chain in { type filter hook input priority 0; jump both; }
  chain out { type filter hook output priority 0; jump both; }
}`;

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Real nftables in a namespace of its own: one rule of the kernel for each rule that a consumer made. */
export class PacketFilter {
  readonly #namespace: Namespace = createNamespace('openc2');
  readonly #handles = new Map<string, string>();
  #waiting: Waiting[] = [];
  #running = false;

  constructor() {
    this.#sync(SETUP);
  }

  #command(...args: string[]): [string, string[]] {
    const [program = '', ...enter] = this.#namespace.enter;
    return [program, [...enter, ...args]];
  }

  #sync(input: string): void {
    const [program, args] = this.#command('nft', '-f', '-');
    const { status, stderr } = spawnSync(program, args, { input });
    if (status !== 0) throw new Error(String(stderr));
  }

  add(name: string, net: string): Promise<void> {
    const family = net.includes(':') ? 'ip6' : 'ip';
    return this.#submit(`add rule inet openc2 both ${family} daddr ${net} drop comment "${name}"`);
  }

  delete(name: string): Promise<void> {
    const handle = this.#handles.get(name);
    if (!handle) throw new Error(`no rule ${name}`);
    this.#handles.delete(name);
    return this.#submit(`delete rule inet openc2 both handle ${handle}`);
  }

  #submit(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      const error = await this.#run(batch.map(({ line }) => line).join('\n'));
      for (const { resolve, reject } of batch) error ? reject(error) : resolve();
    }
    this.#running = false;
  }

  #run(input: string): Promise<Error | undefined> {
    const [program, args] = this.#command('nft', '--echo', '--handle', '-f', '-');
    return new Promise((resolve) => {
      const child = spawn(program, args);
      let [out, problem] = ['', ''];
      child.stdout.on('data', (chunk) => {
        out += chunk;
      });
      child.stderr.on('data', (chunk) => {
        problem += chunk;
      });
      child.on('close', (code) => {
        for (const [, name = '', handle = ''] of out.matchAll(/comment "([^"]+)".*# handle (\d+)/g)) {
          this.#handles.set(name, handle);
        }
        resolve(code === 0 ? undefined : new Error(problem));
      });
      child.stdin.end(input);
    });
  }

  /** By the names of the rules, as the kernel lists them. */
  names(): readonly string[] {
    const [program, args] = this.#command('nft', 'list', 'chain', 'inet', 'openc2', 'both');
    const { stdout } = spawnSync(program, args, { maxBuffer: 64 * 1024 ** 2 });
    return [...String(stdout).matchAll(/drop comment "([^"]+)"/g)].map(([, name = '']) => name);
  }

  /** Whether an answer comes back from an address of the namespace. */
  pings(address: string): boolean {
    const [program, args] = this.#command('ping', '-c', '1', '-W', '0.1', address);
    return spawnSync(program, args).status === 0;
  }

  /** Lets the namespace answer for all addresses of a network. */
  addAddresses(net: string): void {
    const [program, args] = this.#command('ip', 'route', 'add', 'local', net, 'dev', 'lo');
    spawnSync(program, args);
  }

  remove(): void {
    this.#namespace.remove();
  }
}
