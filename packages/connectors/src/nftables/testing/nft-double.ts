import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createFakeKernel, type FakeAnswer } from './fake-kernel.ts';

/**
 * How the double misbehaves. `hang`, `silent` (exits well and says nothing), `nonsense`, `flood` (10 MB), `halfList`
 * (every listing breaks off), `down` (there is no program). `lostAnswer`, `halfAnswer` and `late` begin with the
 * first change: done and killed, done and answered by half, not done until the fault ends.
 */
export type Fault =
  | 'down'
  | 'hang'
  | 'silent'
  | 'nonsense'
  | 'flood'
  | 'halfList'
  | 'lostAnswer'
  | 'halfAnswer'
  | 'late'
  | { readonly words: string }
  | { readonly code: number; readonly stderr: string };

/** A program for the key `nft` that counts its runs, and misbehaves when it is told to. */
export interface NftDouble {
  readonly nft: string;
  /** While it is `late`, of the changes alone: the looks before them are answered. */
  runs(): number;
  /** The arguments of all runs so far that came to the double itself; of a real nft only while there is a fault. */
  readonly seen: readonly string[];
  /** Undefined: as it should. What a `late` one has taken is done before this settles. */
  setFault(fault: Fault | undefined): Promise<void>;
  /** After so many runs the fault is over by itself. */
  endFaultAfter(runs: number): void;
  /** Once, between the next look and its answer: what somebody else does meanwhile. */
  duringNextLook(meanwhile: () => Promise<unknown>): void;
  /** Runs it as an administrator would, without being counted and without fault. */
  run(...args: string[]): Promise<FakeAnswer>;
  remove(): void;
}

/** Bash, since Node takes too long to start for a program that is run a thousand times. */
const CLIENT = (port: number): string => `
exec 3<>/dev/tcp/127.0.0.1/${port} || exit 99
printf '%s\\n' "$#" >&3
printf '%s\\0' "$@" >&3
read -r code <&3 || exit 98
[ "$code" = kill ] && kill -9 $$
read -r errors <&3
printf '%b' "$errors" >&2
cat <&3
exit "$code"
`;

interface State {
  fault: Fault | undefined;
  hasChanged: boolean;
  runsBeforeLate: number;
  faultyRunsLeft: number;
  meanwhile: (() => Promise<unknown>) | undefined;
  readonly late: (() => Promise<FakeAnswer>)[];
  readonly seen: string[];
}

const fileOf = (args: readonly string[]): string => {
  const last = args.at(-1) ?? '';
  return args.includes('-f') ? readFileSync(last, 'utf8') : last;
};

/** Neither a look nor a check. */
const isChange = (args: readonly string[], json: string): boolean =>
  !args.includes('-c') && json.startsWith('{') && !json.startsWith('{"nftables":[{"list"');

const half = (text: string): string => text.slice(0, Math.floor(text.length / 2));
const says = (stdout: string, code = 0, stderr = ''): FakeAnswer => ({ code, stdout, stderr });

type Reply = FakeAnswer | 'kill' | 'never';
type Work = () => Promise<FakeAnswer>;

async function replyAfterChange(state: State, fault: Fault, change: boolean, work: Work): Promise<Reply> {
  state.hasChanged ||= change;
  if (!state.hasChanged) return work();
  if (fault === 'late') {
    if (change) state.late.push(work);
    return 'never';
  }
  const { stdout } = await work();
  return fault === 'lostAnswer' || change ? 'kill' : says(half(stdout));
}

async function replyTruly(state: State, change: boolean, work: Work): Promise<Reply> {
  const answer = await work();
  const { meanwhile } = state;
  if (change || !meanwhile) return answer;
  state.meanwhile = undefined;
  await meanwhile();
  return answer;
}

async function reply(state: State, change: boolean, work: Work): Promise<Reply> {
  const { fault } = state;
  switch (fault) {
    case undefined:
    case 'down':
      return replyTruly(state, change, work);
    case 'hang':
      return 'never';
    case 'silent':
      return says('');
    case 'nonsense':
      return says('Hello, world.\n');
    case 'flood':
      return says('x'.repeat(10 * 1024 * 1024));
    case 'halfList':
      return change ? work() : says(half((await work()).stdout));
    case 'lostAnswer':
    case 'halfAnswer':
    case 'late':
      return replyAfterChange(state, fault, change, work);
    default:
      if ('code' in fault) return says('', fault.code, fault.stderr);
      return says('', 1, `internal:0:0-0: Error: Could not process rule: ${fault.words}\n\n`);
  }
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function send(socket: Socket, answer: Reply): void {
  if (answer === 'never') return;
  if (answer === 'kill') socket.end('kill\n');
  else socket.end(`${answer.code}\n${escaped(answer.stderr)}\n${answer.stdout}`);
}

/** Collects the arguments of one run, then calls `done` once. */
function readArguments(socket: Socket, done: (args: string[]) => void): void {
  let text = '';
  let isDone = false;
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.on('data', (chunk: string) => {
    text += chunk;
    const end = text.indexOf('\n');
    const args = text.slice(end + 1).split('\0');
    if (isDone || end === -1 || args.length - 1 < Number(text.slice(0, end))) return;
    isDone = true;
    done(args.slice(0, -1));
  });
}

const runReal = (words: readonly string[], args: readonly string[]): Promise<FakeAnswer> =>
  new Promise((resolve) => {
    const [program = '', ...before] = words;
    execFile(program, [...before, ...args], { maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });

/** `late` may come without its file: what stood in it goes as an argument. */
const kept = (args: readonly string[], json: string): readonly string[] =>
  args.includes('-f') ? [...args.slice(0, -2), json] : args;

/** In front of a real nft, given with its first words; without one the double keeps a table of its own. */
export async function createNftDouble(real?: readonly string[]): Promise<NftDouble> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'interdict-nft-'));
  const at = (name: string): string => path.join(directory, name);
  const state: State = {
    fault: undefined,
    hasChanged: false,
    runsBeforeLate: 0,
    faultyRunsLeft: Number.POSITIVE_INFINITY,
    meanwhile: undefined,
    late: [],
    seen: [],
  };
  const fake = createFakeKernel();
  const work = async (args: readonly string[], json: string): Promise<FakeAnswer> =>
    real ? runReal(real, kept(args, json)) : fake(args, json);

  const server = createServer((socket) => {
    readArguments(socket, (args) => {
      const json = fileOf(args);
      state.seen.push(args.join(' '));
      state.faultyRunsLeft -= 1;
      if (state.faultyRunsLeft < 0) state.fault = undefined;
      void reply(state, isChange(args, json), () => work(args, json)).then((answer) => send(socket, answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();

  const direct = real ? `[ -e '${at('fault')}' ] || exec ${real.map((word) => `'${word}'`).join(' ')} "$@"` : '';
  const { port } = server.address() as AddressInfo;
  writeFileSync(at('nft'), `#!/usr/bin/env bash\nprintf . >> '${at('runs')}'\n${direct}${CLIENT(port)}`);
  chmodSync(at('nft'), 0o755);

  const started = (): number => (existsSync(at('runs')) ? statSync(at('runs')).size : 0);

  return {
    nft: at('nft'),
    seen: state.seen,
    runs: () => (state.fault === 'late' ? state.runsBeforeLate + state.late.length : started()),
    endFaultAfter(runs) {
      state.faultyRunsLeft = runs;
    },
    duringNextLook(meanwhile) {
      state.meanwhile = meanwhile;
    },
    run: (...args) => work(args, fileOf(args)),
    async setFault(fault) {
      Object.assign(state, {
        fault,
        hasChanged: false,
        runsBeforeLate: started(),
        faultyRunsLeft: Number.POSITIVE_INFINITY,
      });
      if (existsSync(at('nft.away'))) renameSync(at('nft.away'), at('nft'));
      rmSync(at('fault'), { force: true });
      for (const landing of state.late.splice(0)) await landing();
      if (fault === 'down') renameSync(at('nft'), at('nft.away'));
      else if (fault !== undefined) writeFileSync(at('fault'), '');
    },
    remove() {
      server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
