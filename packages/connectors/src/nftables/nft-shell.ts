import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { kill, type NftOrder, type NftRun, nftEnvironment, runNft, UNKILLABLE_MS, whenLeft } from './run-nft.ts';

/** The shell reads byte by byte: what is longer is given to nft without it. */
const MOST_BYTES = 8_192;

/** `$0` is nft, `$1` what no program knows: it says that the answer is whole. */
const SCRIPT = 'while IFS= read -r json; do "$0" -j "$json" </dev/null; echo "$1 $?"; echo "$1" >&2; done';

/** What a shell says of a program that it cannot start. */
const NOT_STARTED: readonly (number | null)[] = [126, 127];

interface Job {
  readonly resolve: (run: NftRun) => void;
  readonly deafen: () => void;
  readonly maxBytes: number;
  readonly texts: { stdout: string; stderr: string };
  bytes: number;
}

type Sender = Omit<NftOrder, 'args'>;

/**
 * Starts nft in place of this process: Linux copies the tables of a process's memory for each program that it starts,
 * which costs a server 5 ms and a small shell none. One run at a time.
 */
export class NftShell {
  readonly #nft: string;
  readonly #token = randomUUID();
  #child: ChildProcess | undefined;
  #job: Job | undefined;

  constructor(nft: string, closing: AbortSignal) {
    this.#nft = nft;
    const close = (): void => this.#giveUp('nft was ended before it answered, since its connector was closed.');
    closing.addEventListener('abort', close, { once: true });
  }

  /** Runs nft with commands in JSON, as {@link runNft} does. Never rejects. */
  async run(json: string, order: Sender): Promise<NftRun> {
    const isOver = order.closing.aborted || order.signals.every((signal) => signal.aborted);
    const direct = { ...order, args: ['-j', json] };
    if (isOver || this.#job || Buffer.byteLength(json) > MOST_BYTES) return runNft(direct);
    const child = this.#started();
    const run = child && (await this.#ask(child, json, order));
    // It says better why nothing was started.
    return run && !(run.kind === 'exited' && NOT_STARTED.includes(run.code)) ? run : runNft(direct);
  }

  #ask(child: ChildProcess, json: string, order: Sender): Promise<NftRun> {
    return new Promise((resolve) => {
      const leave = (): void => this.#giveUp('nft was ended before it answered, since the call was given up.');
      const texts = { stdout: '', stderr: '' };
      this.#job = { resolve, deafen: whenLeft(order, leave), maxBytes: order.maxBytes, texts, bytes: 0 };
      child.stdin?.write(`${json}\n`);
    });
  }

  #settle(job: Job, run: NftRun): void {
    if (this.#job !== job) return;
    this.#job = undefined;
    job.deafen();
    job.resolve(run);
  }

  #started(): ChildProcess | undefined {
    if (this.#child) return this.#child;
    const options = { env: nftEnvironment(), stdio: 'pipe', detached: true, cwd: '/' } as const;
    const child = spawn('/bin/sh', ['-c', SCRIPT, this.#nft, this.#token], options);
    if (child.pid === undefined) {
      child.on('error', () => {});
      return undefined;
    }
    this.#child = child;
    const lose = (): void => {
      if (this.#child === child) this.#giveUp('The shell that starts nft was ended before nft answered.');
    };
    for (const each of [child, child.stdin]) each.on('error', lose);
    child.on('exit', lose);
    for (const name of ['stdout', 'stderr'] as const) this.#hear(child, name);
    return child;
  }

  #hear(child: ChildProcess, name: 'stdout' | 'stderr'): void {
    const stream = child[name] as Readable;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      if (this.#child === child) this.#take(name, text);
    });
  }

  #take(name: 'stdout' | 'stderr', text: string): void {
    const job = this.#job;
    if (!job) {
      this.#end();
      return;
    }
    job.bytes += Buffer.byteLength(text);
    job.texts[name] += text;
    const { stdout, stderr } = job.texts;
    const at =
      stderr.endsWith(`${this.#token}\n`) && stdout.endsWith('\n') ? stdout.lastIndexOf(`${this.#token} `) : -1;
    if (at !== -1) this.#answer(job, at);
    else if (job.bytes > job.maxBytes) this.#giveUp(`nft printed more than ${job.maxBytes} bytes and was ended.`);
  }

  #answer(job: Job, at: number): void {
    const { stdout, stderr } = job.texts;
    const code = Number(stdout.slice(at + this.#token.length + 1));
    const told = stderr.slice(0, -this.#token.length - 1);
    this.#settle(job, { kind: 'exited', code, stdout: stdout.slice(0, at), stderr: told });
  }

  /** Nothing lands any more once nobody holds the pipes of the shell: then it is answered. */
  #giveUp(message: string): void {
    const child = this.#child;
    const job = this.#job;
    this.#end();
    if (!job) return;
    const settle = (): void => this.#settle(job, { kind: 'killed', message });
    child?.on('close', settle);
    setTimeout(settle, UNKILLABLE_MS).unref();
  }

  #end(): void {
    const child = this.#child;
    this.#child = undefined;
    if (child) kill(child);
  }
}
