import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { postOnce, type Resolve } from '@interdict/connectors';
import { expect, it, onTestFinished } from 'vitest';
import type { Refusal } from '../errors.ts';
import { type NotPassed, shakeHands } from './handshake.ts';
import type { PostTo } from './receiver-fault.ts';
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
  shakeHands(
    { post, answerWithinMs: 500, stopping: new AbortController().signal },
    new URL(`https://hooks.example:${port}/`),
    'notificationUrl',
  ).then(
    () => expect.unreachable('It passed.'),
    (thrown: NotPassed) => thrown.refusal,
  );

const UNREACHABLE = /: it could not be reached at a public address that may be called\.$/;

it.each([[['127.0.0.1']], [['169.254.169.254']], [['fd00:ec2::254']], [['::ffff:127.0.0.1']], [[NOBODY, '127.0.0.1']]])(
  'a name that resolves to %j is not connected to',
  async (addresses) => {
    const { port, caught } = await aTrap();
    const { post, asked } = postResolving(addresses);
    const { message, inner, target } = await refusalOf(post, port);
    expect(message).toMatch(UNREACHABLE);
    expect([inner, target]).toEqual(['invalidProperty', 'notificationUrl']);
    expect([asked(), caught()]).toEqual([1, 0]);
  },
);

it('a name that is public at the first look and loopback at the second is never connected to on loopback', async () => {
  const { port, caught } = await aTrap();
  const { post, asked } = postResolving([NOBODY], ['127.0.0.1']);
  await refusalOf(post, port);
  expect(asked(), 'one look for one connection').toBe(1);
  expect((await refusalOf(post, port)).message).toMatch(UNREACHABLE);
  expect([asked(), caught()]).toEqual([2, 0]);
});

it('a name that is not known, and one where nobody listens, read like one that leads to a private address', async () => {
  const { post } = postResolving([]);
  expect((await refusalOf(post, 443)).message).toMatch(UNREACHABLE);
  const guard = createReceiverGuard(['hooks.example']);
  const resolve: Resolve = (_, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
  const toNobody: PostTo = (wanted, signal) => postOnce(wanted, { guard, resolve }, signal);
  expect((await refusalOf(toNobody, 1)).message).toMatch(UNREACHABLE);
});

it('a stop of this process is no fault of the receiver', async () => {
  const stopping = new AbortController();
  const post: PostTo = (_, signal) =>
    new Promise((settle) => {
      signal.addEventListener('abort', () => settle({ kind: 'unsent', error: new Error('ended') }));
    });
  const asked = shakeHands(
    { post, answerWithinMs: 60_000, stopping: stopping.signal },
    new URL('https://hooks.example/'),
    'notificationUrl',
  );
  stopping.abort();
  await expect(asked).rejects.toMatchObject({ code: 'serviceUnavailable', headers: { 'Retry-After': '2' } });
});
