import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createResolve, type Resolve } from './resolve-name.ts';

type Records = Readonly<Record<string, readonly string[] | 'hangs'>>;

function nameOf(message: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 5 };
}

function answerTo(message: Buffer, records: Records): Buffer | undefined {
  const { name, end } = nameOf(message);
  const addresses = records[name];
  if (addresses === 'hangs') return undefined;
  const wanted = message.readUInt16BE(end - 4) === 1 ? (addresses ?? []).filter(isIPv4) : [];
  const header = Buffer.from(message.subarray(0, 12));
  header.writeUInt16BE(addresses ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(wanted.length, 6);
  header.writeUInt32BE(0, 8);
  const answers = wanted.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([header, message.subarray(12, end), ...answers]);
}

/** A name server, and a system that asks it. */
async function aSystem(records: Records, hosts = '', resolvConf = ''): Promise<Resolve> {
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const answer = answerTo(message, records);
    if (answer) socket.send(answer, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const folder = mkdtempSync(path.join(tmpdir(), 'names-'));
  onTestFinished(() => {
    socket.close();
    rmSync(folder, { recursive: true });
  });
  const files = { hosts: path.join(folder, 'hosts'), resolvConf: path.join(folder, 'resolv.conf') };
  writeFileSync(files.hosts, hosts);
  writeFileSync(files.resolvConf, resolvConf);
  return createResolve({ files, servers: [`127.0.0.1:${socket.address().port}`] });
}

const ask = (resolve: Resolve, name: string, signal?: AbortSignal): Promise<readonly string[] | string> =>
  new Promise((settle) => {
    resolve(name, (error, found) => settle(error?.code ?? found.map(({ address }) => address)), signal);
  });

it('knows the hosts file and localhost, and asks a server for the rest', async () => {
  const hosts = '# 10.0.0.9 hooks.example\n10.0.0.1\tReceiver receiver.internal # ours\n::7 receiver\n';
  const resolve = await aSystem({ 'hooks.example': ['192.0.2.1', '192.0.2.2'] }, hosts);
  expect(await ask(resolve, 'receiver')).toEqual(['10.0.0.1', '::7']);
  expect(await ask(resolve, 'receiver.INTERNAL.')).toEqual(['10.0.0.1']);
  expect(await ask(resolve, 'localhost')).toEqual(['127.0.0.1', '::1']);
  expect(await ask(resolve, 'hooks.example')).toEqual(['192.0.2.1', '192.0.2.2']);
  expect(await ask(resolve, 'nobody.example')).toBe('ENOTFOUND');
  expect(await ask(resolve, '2001:db8::1')).toEqual(['2001:db8::1']);
});

it('tries the ends that resolv.conf names, short names with them first', async () => {
  const records = { 'hook.ns.svc': ['10.0.0.1'], 'hook.other': ['10.0.0.2'], 'far.example.org': ['10.0.0.3'] };
  const resolve = await aSystem(records, '', 'nameserver 127.0.0.9\nsearch svc ns.svc\noptions edns0 ndots:2\n');
  expect(await ask(resolve, 'hook')).toEqual(['10.0.0.1']);
  expect(await ask(resolve, 'hook.other')).toEqual(['10.0.0.2']);
  expect(await ask(resolve, 'far.example.org')).toEqual(['10.0.0.3']);
  expect(await ask(resolve, 'hook.')).toBe('ENOTFOUND');
});

it('holds up neither files nor other names while many names hang, and ends with its signal', async () => {
  const resolve = await aSystem({ 'hangs.example': 'hangs', 'hooks.example': ['192.0.2.1'] });
  const abort = new AbortController();
  const hanging = Array.from({ length: 40 }, () => ask(resolve, 'hangs.example', abort.signal));
  const began = performance.now();
  expect(await ask(resolve, 'hooks.example')).toEqual(['192.0.2.1']);
  await readFile(import.meta.filename);
  abort.abort();
  expect(new Set(await Promise.all(hanging))).toEqual(new Set(['ECANCELLED']));
  expect(await ask(resolve, 'hangs.example', AbortSignal.abort())).toBe('ECANCELLED');
  expect(performance.now() - began).toBeLessThan(1_500);
});
