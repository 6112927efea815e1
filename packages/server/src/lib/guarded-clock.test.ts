import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { atMostByClock, type ClockGuard, createClockGuard, LOOK_EVERY_MS } from './guarded-clock.ts';

const [SECOND, MINUTE, HOUR, YEAR] = [1_000, 60_000, 3_600_000, 31_536_000_000];
const START = 1_800_000_000_000;

/** A machine whose clocks a test sets. */
class Machine {
  passed = 0;
  slept = 0;
  setBy = 0;
  readonly seen: number[] = [];
  readonly jumps: number[] = [];
  readonly guard: ClockGuard;

  constructor() {
    this.guard = createClockGuard({
      wall: () => START + this.passed + this.slept + this.setBy,
      monotonic: () => 5_000 + this.passed,
      uptime: () => 90_000 + this.passed + this.slept,
    });
  }

  /** How far the clock is from the true time. */
  get off(): number {
    return this.guard.clock.now() - (START + this.passed + this.slept);
  }

  run(ms: number): void {
    for (let done = 0; done < ms; done += SECOND) {
      this.passed += SECOND;
      const jump = this.guard.look();
      if (jump !== undefined) this.jumps.push(Math.round(jump / SECOND));
      this.seen.push(this.guard.clock.now());
    }
  }
}

describe('a guarded clock', () => {
  it('is the time of the system as long as nobody sets that', () => {
    const machine = new Machine();
    machine.run(HOUR);
    expect(machine.off).toBe(0);
    expect(machine.guard.state()).toBe('sure');
    expect(machine.jumps).toEqual([]);
  });

  it.each([
    ['a year ahead', YEAR],
    ['two hours back', -2 * HOUR],
    ['twenty minutes ahead', 20 * MINUTE],
  ])('set %s is in doubt for a minute, then goes on by itself, and says that it does', (_, by) => {
    const machine = new Machine();
    machine.run(MINUTE);
    machine.setBy = by;
    machine.run(SECOND);
    expect(machine.guard.state()).toBe('inDoubt');
    expect(machine.guard.clock.isInDoubt?.()).toBe(true);
    machine.run(2 * MINUTE);
    expect(machine.guard.state()).toBe('off');
    expect(machine.guard.clock.isInDoubt?.()).toBe(false);
    machine.run(HOUR);
    expect(machine.off).toBe(0);
    expect(machine.jumps).toEqual([by / SECOND]);
    machine.setBy = 0;
    machine.run(SECOND);
    expect(machine.guard.state()).toBe('sure');
  });

  it('set time and again stays in doubt, and counts each time', () => {
    const machine = new Machine();
    for (let count = 1; count <= 10; count += 1) {
      machine.setBy = count * HOUR;
      machine.run(30 * SECOND);
      expect(machine.guard.state()).toBe('inDoubt');
    }
    expect(machine.jumps).toHaveLength(10);
    expect(machine.off).toBe(0);
  });

  it.each([
    ['ahead', 10 * MINUTE, 22 * MINUTE],
    ['back', -MINUTE, 22 * MINUTE],
  ])('follows a small correction %s after a minute, without a jump', (_, by, within) => {
    const machine = new Machine();
    machine.setBy = by;
    machine.run(MINUTE);
    expect(Math.abs(machine.off)).toBe(0);
    machine.run(within);
    expect(Math.abs(machine.off - by)).toBeLessThanOrEqual(1);
    expect(machine.guard.state()).toBe('sure');
    const steps = machine.seen.slice(1).map((time, index) => time - (machine.seen[index] ?? 0));
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(900);
    expect(Math.max(...steps)).toBeLessThanOrEqual(1_501);
  });

  it('takes the sleep of the machine for time that passed', () => {
    const machine = new Machine();
    machine.run(MINUTE);
    machine.slept = 5 * HOUR;
    machine.run(SECOND);
    expect(machine.off).toBe(0);
    expect(machine.guard.state()).toBe('sure');
    expect(machine.jumps).toEqual([]);
  });

  it.each([1, 999, 2_000, 30_000])('that follows a correction makes of %i ms as many as it says, and no more', (ms) => {
    const machine = new Machine();
    machine.run(MINUTE);
    machine.setBy = 10 * MINUTE;
    machine.run(2 * MINUTE);
    const before = machine.guard.clock.now();
    machine.guard.look();
    for (let passed = 1; passed <= ms; passed += 1) {
      machine.passed += 1;
      if (passed % LOOK_EVERY_MS === 0) machine.guard.look();
    }
    expect(machine.guard.clock.now() - before).toBe(atMostByClock(ms));
  });

  it('makes nothing of what cannot be late', () => {
    expect(atMostByClock(0)).toBe(0);
  });

  it('that stands before what was written already says so, until it has come there, and follows what is small', () => {
    const machine = new Machine();
    machine.guard.remember(START + 2 * HOUR);
    machine.run(HOUR);
    expect(machine.guard.state()).toBe('behind');
    expect(machine.off).toBe(0);
    machine.setBy = 10 * MINUTE;
    machine.run(30 * MINUTE);
    expect([machine.guard.state(), Math.round(machine.off / MINUTE)]).toEqual(['behind', 10]);
    machine.run(21 * MINUTE);
    expect(machine.guard.state()).toBe('sure');
    machine.guard.remember(START + 3 * HOUR);
    machine.setBy = 2 * HOUR;
    machine.run(2 * MINUTE);
    expect(machine.guard.state()).toBe('off');
  });

  it('is the same in every thread', async () => {
    const guard = createClockGuard();
    const code = `import { parentPort, workerData } from 'node:worker_threads';
      const { sharedClock } = await import(workerData.module);
      parentPort.postMessage(sharedClock(workerData.shared).now());`;
    const module = new URL('./guarded-clock.ts', import.meta.url).href;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
      workerData: { module, shared: guard.shared },
    });
    const before = guard.clock.now();
    const there = await new Promise<number>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(there).toBeGreaterThanOrEqual(before);
    expect(there).toBeLessThanOrEqual(guard.clock.now());
    expect(Math.abs(guard.clock.now() - Date.now())).toBeLessThan(1_000);
  });
});
