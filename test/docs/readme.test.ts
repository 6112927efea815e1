import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ask, startServer } from '../server.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** The only block of JavaScript on the page, as a program. */
function readmeLines(): string {
  const page = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const [, lines = ''] = /```js\n(.+?)```/s.exec(page) ?? [];
  return lines;
}

it('the README points an unmodified Graph client here', async () => {
  const server = await startServer();
  const lines = readmeLines().replace('https://localhost:8443/', `${server.tlsUrl.replace('127.0.0.1', 'localhost')}/`);
  const program = path.join(server.data, 'readme.mjs');
  const client = import.meta.resolve('@microsoft/microsoft-graph-client');
  writeFileSync(
    program,
    `import { readFileSync } from 'node:fs';
import { Client } from '${client}';
${lines.replace('data/token', path.join(server.data, 'token'))}
console.log(action.id);`,
  );
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: path.join(server.data, 'tls', 'cert.pem') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
  const found = await ask(server, `/beta/security/securityActions/${Buffer.concat(printed).toString().trim()}`);
  expect(found.json).toMatchObject({ name: 'BlockIp', enforcement: { target: 'ip:203.0.113.9' } });
  await server.discard();
});
