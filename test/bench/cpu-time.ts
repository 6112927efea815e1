import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of the kernel's accounting, as Linux shows them to every program. */
const TICKS_PER_SECOND = 100;
const US_PER_TICK = 1_000_000 / TICKS_PER_SECOND;

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/** Fields of `/proc/<pid>/stat` behind the program's name, which may hold anything: the first is the state. */
const fieldsOf = (pid: number): readonly string[] =>
  readOrNothing(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');

const PARENT = 1;
const USER = 11;
const SYSTEM = 12;

/** CPU time of a process with all its threads since its start, in µs, to 10 ms; 0 where it is gone. */
export function cpuOf(pid: number): number {
  const fields = fieldsOf(pid);
  return (Number(fields[USER] ?? 0) + Number(fields[SYSTEM] ?? 0)) * US_PER_TICK;
}

/** The same for a process and its children: PostgreSQL has one for each connection. */
export function cpuOfFamily(pid: number): number {
  const children = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && Number(fieldsOf(Number(name))[PARENT]) === pid,
  );
  return [pid, ...children.map(Number)].map(cpuOf).reduce((sum, us) => sum + us, 0);
}

/** CPU time of the whole machine spent on anything, in µs. */
export function cpuOfMachine(): number {
  const [line = ''] = readOrNothing('/proc/stat').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softIrq + steal) * US_PER_TICK;
}
