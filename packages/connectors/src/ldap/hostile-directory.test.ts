import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../secret.ts';
import { aCall } from '../testing/call-builder.ts';
import { ldap } from './connector.ts';
import { ber, message, messagesOf, number, questionOf, result, text } from './testing/ber.ts';
import { NO_PORTS, openLdapKeys, TENANT } from './testing/openldap-under-test.ts';

const call = aCall({ tenantId: TENANT, action: 'DisableUser', target: { kind: 'user', value: 'sample-0' } });
const MOST_BYTES = 32 * 1024 ** 2;
const BIND = 0x60;

const entry = (id: number, value: string): Buffer =>
  message(id, ber(0x64, text('cn=x'), ber(0x30, ber(0x30, text('uid'), ber(0x31, text(value))))));

/** Lets everybody in, and answers what else is asked as it is told. */
class Directory {
  sentBytes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(answer: (id: number) => Iterable<Buffer>) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        for (const question of messagesOf(bytes)) {
          const { id, tag } = questionOf(question);
          if (tag === BIND) socket.write(message(id, result(0x61, 0, '')));
          else void this.#send(socket, answer(id));
        }
      });
    }).listen(0, '127.0.0.1');
  }

  async #send(socket: Socket, chunks: Iterable<Buffer>): Promise<void> {
    for (const chunk of chunks) {
      if (socket.destroyed) return;
      this.sentBytes += chunk.length;
      if (!socket.write(chunk))
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
    }
  }

  async port(): Promise<number> {
    if (!this.#server.listening) await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

function* endless(chunk: Buffer): Generator<Buffer> {
  for (;;) yield chunk;
}

describe('a directory that speaks LDAP and means harm', () => {
  let directory: Directory;
  afterEach(() => directory.close());

  it.each<[string, (id: number) => Iterable<Buffer>]>([
    ['entries without end', (id) => endless(Buffer.concat(Array.from({ length: 500 }, () => entry(id, 'sample-0'))))],
    ['answers to others without end', (id) => endless(message(id + 1_000, result(0x65, 0, 'x'.repeat(10_000))))],
    ['one value without end', () => endless(Buffer.from(`0${'x'.repeat(60_000)}`))],
    ['a notice that it hangs up', () => [message(0, result(0x78, 52, 'going down'))]],
    ['a success of nothing', (id) => [message(id, ber(0x65))]],
    ['what kills ldapts', (id) => [message(id, ber(0x64, text('cn=x'), Buffer.from([0x30, 0x7f, 0x30, 0x00])))]],
  ])('gets nowhere with %s', async (_, answer) => {
    directory = new Directory(answer);
    const connector = ldap.open({ name: 'directory', own: openLdapKeys(await directory.port()) }, NO_PORTS);
    const signal = AbortSignal.timeout(5_000);
    expect(await connector.apply(call, signal)).toMatchObject({ kind: 'unavailable' });
    expect(await connector.verify?.(call, signal)).toMatchObject({ kind: 'unknown' });
    await expect(connector.list?.(TENANT, signal)).rejects.toThrow();
    expect(directory.sentBytes).toBeLessThan(MOST_BYTES);
    expect(signal.aborted, 'it was not waited for').toBe(false);
    await connector.close();
  });

  it('lists no more for pages without end', async () => {
    const control = ber(
      0x30,
      text('1.2.840.113556.1.4.319'),
      text(ber(0x30, ber(0x02, Buffer.from([0])), text('next'))),
    );
    const page = (id: number): readonly Buffer[] => [
      Buffer.concat(Array<Buffer>(500).fill(entry(id, 'sample-0'))),
      ber(0x30, number(id), result(0x65, 0, ''), ber(0xa0, control)),
    ];
    directory = new Directory(page);
    const connector = ldap.open({ name: 'directory', own: openLdapKeys(await directory.port()) }, NO_PORTS);
    await expect(connector.list?.(TENANT, AbortSignal.timeout(20_000))).rejects.toThrow('More than 200000');
    await connector.close();
  });

  it('is told no secret by its own words', async () => {
    directory = new Directory((id) => [message(id, result(0x65, 53, 'the password is hunter2'))]);
    const own = { ...openLdapKeys(await directory.port()), password: new Secret('hunter2') };
    const connector = ldap.open({ name: 'directory', own }, NO_PORTS);
    expect(await connector.apply(call, AbortSignal.timeout(3_000))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('the password is ***'),
    });
    await connector.close();
  });
});
