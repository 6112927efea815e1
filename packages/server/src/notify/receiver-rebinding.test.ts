import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { postOnce, type Resolve } from '@interdict/connectors';
import { expect, it, onTestFinished } from 'vitest';
import type { Refusal } from '../errors.ts';
import { type PostTo, shakeHands } from './handshake.ts';
import { createReceiverGuard } from './receiver-guard.ts';

/** Counts who connects on loopback. */
async function aTrap(): Promise<{ readonly port: number; readonly caught: () => number }> {
  let caught = 0;
  const server = createServer((socket) => {
    caught += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, caught: () => caught };
}

/** Of a block that was given back: public by its form, and nobody is there. */
const NOBODY = '3ffe::1';

function postResolving(...answers: readonly (readonly string[])[]): {
  readonly post: PostTo;
  readonly asked: () => number;
} {
  let asked = 0;
  const resolve: Resolve = (_, callback) => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  const guard = createReceiverGuard([]);
  return { post: (wanted, signal) => postOnce(wanted, { guard, resolve }, signal), asked: () => asked };
}

const refusalOf = (post: PostTo, port: number): Promise<Refusal> =>
  shakeHands(post, new URL(`https://hooks.example:${port}/`), 'notificationUrl', 500).then(
    () => expect.unreachable('It passed.'),
    (thrown: Refusal) => thrown,
  );

it.each([[['127.0.0.1']], [['169.254.169.254']], [['fd00:ec2::254']], [['::ffff:127.0.0.1']], [[NOBODY, '127.0.0.1']]])(
  'a name that resolves to %j is not connected to',
  async (addresses) => {
    const { port, caught } = await aTrap();
    const { post, asked } = postResolving(addresses);
    const { message, inner, target } = await refusalOf(post, port);
    expect(message).toMatch(/has an address that is not public, and notifications\.allow does not name it\.$/);
    expect([inner, target]).toEqual(['invalidProperty', 'notificationUrl']);
    expect([asked(), caught()]).toEqual([1, 0]);
  },
);

it('a name that is public at the first look and loopback at the second is never connected to on loopback', async () => {
  const { port, caught } = await aTrap();
  const { post, asked } = postResolving([NOBODY], ['127.0.0.1']);
  const first = await refusalOf(post, port);
  expect(first.message).not.toMatch(/not public/);
  expect(asked(), 'one look for one connection').toBe(1);
  const second = await refusalOf(post, port);
  expect(second.message).toMatch(/not public/);
  expect([asked(), caught()]).toEqual([2, 0]);
});
