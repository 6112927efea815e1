import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TENANT_A } from '../testing.ts';
import { readUri } from './asked-uri.ts';
import { BlockList } from './block-list.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'list-'));
  file = path.join(folder, 'blocked.txt');
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (index: number) => ({ value: `evil-${index}.example`, tenant: TENANT_A });
const blocks = (list: BlockList, index: number): boolean =>
  list.blocks(readUri('GET', `http://evil-${index}.example/`));
const isWhole = (text: string): boolean =>
  /^# Written by Interdict[^\n]*\n# probe-key [0-9a-f]{64}\n(?:evil-\d+\.example [0-9a-f-]{36}\n)*$/.test(text);

test('who reads while it is written sees one state or the next, never a part', async () => {
  const list = new BlockList(file);
  await list.change(
    Array.from({ length: 2_000 }, (_, index) => entry(index)),
    [],
  );
  let isOver = false;
  const reading = (async () => {
    let reads = 0;
    for (; !isOver; reads += 1) {
      const text = await readFile(file, 'utf8');
      expect(isWhole(text)).toBe(true);
      expect(text.split('\n').length).toBeGreaterThanOrEqual(2_003);
    }
    return reads;
  })();
  for (let count = 0; count < 100; count += 1) await list.change([entry(3_000 + count)], []);
  isOver = true;
  expect(await reading).toBeGreaterThan(50);
});

test('a writer that is killed at any moment leaves a whole list, and what it said is there', async () => {
  const script = `
    const { BlockList } = await import(${JSON.stringify(path.join(import.meta.dirname, 'block-list.ts'))});
    const list = new BlockList(${JSON.stringify(file)});
    for (let index = 0; ; index += 1) {
      await list.change(Array.from({ length: 500 }, (_, each) => ({ value: \`evil-\${index * 500 + each}.example\`, tenant: ${JSON.stringify(TENANT_A)} })), []);
      process.stdout.write(\`\${index}\\n\`);
    }`;
  for (let round = 0; round < 5; round += 1) {
    rmSync(file, { force: true });
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, 10 + round * 17));
    child.kill('SIGKILL');
    await once(child, 'close');
    const done = said.trim().split('\n').length;
    expect(isWhole(readFileSync(file, 'utf8'))).toBe(true);
    const list = new BlockList(file);
    await list.change([entry(999_999)], []);
    for (const index of [0, done * 500 - 1, 999_999]) expect(blocks(list, index), `${index}`).toBe(true);
  }
}, 30_000);

test('a change that cannot be written changes nothing, in the file or in memory, and leaves nothing behind', async () => {
  const list = new BlockList(file);
  await list.change([entry(1)], []);
  rmSync(file);
  await list.change([entry(2)], []);
  expect([blocks(list, 1), blocks(list, 2)], 'what was taken away by hand is gone').toEqual([false, true]);
  const blocked = path.join(folder, `blocked.txt.${process.pid}.new`);
  writeFileSync(path.join(folder, 'x'), '');
  const into = new BlockList(path.join(folder, 'x', 'blocked.txt'));
  await expect(into.change([entry(3)], [])).rejects.toThrow('ENOTDIR');
  expect(blocks(into, 3)).toBe(false);
  expect(readdirSync(folder)).not.toContain(path.basename(blocked));
});

test('another who holds the list sees a change at the next look, whoever wrote it and however short', async () => {
  const [one, other] = [new BlockList(file), new BlockList(file)];
  await other.refresh();
  await one.change([entry(1)], []);
  await other.refresh();
  expect(blocks(other, 1)).toBe(true);
  await other.change([entry(2)], [entry(1)]);
  await one.refresh();
  expect([blocks(one, 1), blocks(one, 2)]).toEqual([false, true]);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('evil-2', 'evil-3'));
  await one.refresh();
  expect([blocks(one, 2), blocks(one, 3)]).toEqual([false, true]);
});

test('its rights stay as they were given', async () => {
  const list = new BlockList(file);
  await list.change([entry(1)], []);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  chmodSync(file, 0o604);
  await list.change([entry(2)], []);
  expect(statSync(file).mode & 0o777).toBe(0o604);
});

test('what changes nothing writes nothing', async () => {
  const list = new BlockList(file);
  await list.change([entry(1)], []);
  const { ino } = statSync(file);
  await list.change([entry(1)], [entry(2)]);
  expect(statSync(file).ino).toBe(ino);
});

test('two processes that write at once lose nothing of each other', async () => {
  const script = (from: number): string => `
    const { BlockList } = await import(${JSON.stringify(path.join(import.meta.dirname, 'block-list.ts'))});
    const { withLock } = await import(${JSON.stringify(path.join(import.meta.dirname, '../lock.ts'))});
    const list = new BlockList(${JSON.stringify(file)}, (run) => withLock(${JSON.stringify(`${file}.lock`)}, AbortSignal.timeout(5000), run));
    for (let index = ${from}; index < ${from} + 50; index += 1)
      await list.change([{ value: \`evil-\${index}.example\`, tenant: ${JSON.stringify(TENANT_A)} }], []);`;
  const children = [0, 100, 200].map((from) =>
    spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script(from)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  );
  for (const [code] of await Promise.all(children.map((child) => once(child, 'close')))) expect(code).toBe(0);
  const list = new BlockList(file);
  await list.refresh();
  expect([...list.content.entries()]).toHaveLength(150);
}, 30_000);
