import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, type Json, startServer, type TestServer } from '../server.ts';
import { blocksOf, ROOT, readPage, sectionOf } from './page.ts';

const PAGE = readPage('docs/clients.md');

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-clients-'));
  symlinkSync(server.data, path.join(folder, 'data'));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await server.discard();
});

/** Runs the only block of a section as a reader would, in a folder with `data`, and reads what it found. */
async function runBlock(title: string, extension: string, printed: string): Promise<Json> {
  const blocks = blocksOf(sectionOf(PAGE, title));
  expect(blocks).toHaveLength(1);
  const address = server.tlsUrl.replace('127.0.0.1', 'localhost');
  const lines = (blocks[0]?.text ?? '').replaceAll('https://localhost:8443', address);
  expect(lines).toContain(address);
  const program = path.join(folder, `program.${extension}`);
  writeFileSync(program, `${lines}\nconsole.log(JSON.stringify(${printed}));\n`);
  const child = spawn(process.execPath, [program], {
    cwd: folder,
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: 'data/tls/cert.pem' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout)) as Json;
}

it.each([
  ['JavaScript', 'mjs', '{ created, value }'],
  ['TypeScript', 'mts', '{ created, value: list.value }'],
])("the page's lines of %s create an action and list it", async (title, extension, printed) => {
  const { created, value } = await runBlock(title, extension, printed);
  const found = await ask(server, `/beta/security/securityActions/${created?.id}`);
  expect(found.json).toMatchObject({
    name: 'BlockIp',
    enforcement: { target: 'ip:203.0.113.9', provider: 'blocklist' },
  });
  expect(value?.[0]?.id).toBe(created?.id);
});

it('has lines for each of the languages, and says of each whether they are run', () => {
  expect(blocksOf(PAGE).map(({ language }) => language)).toEqual(['js', 'ts', 'go', 'csharp', 'python', 'powershell']);
  for (const title of ['JavaScript', 'TypeScript', 'Go', 'C#', 'Python', 'PowerShell']) {
    expect(PAGE).toMatch(new RegExp(`^\\|.*\\[${title}\\]\\(.*\\| (?:run by our tests|not run)`, 'm'));
  }
});
