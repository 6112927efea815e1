import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Asked, askSocket, type Question } from './ask-socket.ts';

const untilLine: NonNullable<Question['lengthOfAnswer']> = (bytes) => {
  const end = bytes.indexOf('\n');
  return end === -1 ? undefined : end + 1;
};

async function listen(answer: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    socket.once('data', () => answer(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const ask = (port: number, changes: Partial<Question> = {}, signal = AbortSignal.timeout(5_000)): Promise<Asked> =>
  askSocket(
    { host: '127.0.0.1', port },
    { bytes: Buffer.from('who\n'), lengthOfAnswer: untilLine, ...changes },
    signal,
  );

describe('a question to a socket', () => {
  test('is answered as soon as the answer is whole, however it is cut', async () => {
    const port = await listen((socket) => {
      socket.write('it is ');
      setTimeout(() => socket.write('me\nand more'), 20);
    });
    expect(await ask(port)).toEqual({ kind: 'answered', bytes: Buffer.from('it is me\n') });
  });

  test('is broken where the connection ends before the answer, and answered where that is its end', async () => {
    const port = await listen((socket) => socket.end('it is me'));
    expect(await ask(port)).toMatchObject({ kind: 'broken' });
    expect(await ask(port, { endsWithConnection: true })).toMatchObject({ bytes: Buffer.from('it is me') });
    const whole = { endsWithConnection: true, lengthOfAnswer: undefined };
    expect(await ask(port, whole)).toMatchObject({ kind: 'answered', bytes: Buffer.from('it is me') });
  });

  test('was not sent where nobody listens, and where it was ended before', async () => {
    const port = await listen((socket) => socket.end('\n'));
    expect(
      await askSocket(
        { path: '/no/such/socket' },
        { bytes: Buffer.alloc(1), lengthOfAnswer: untilLine },
        AbortSignal.timeout(5_000),
      ),
    ).toMatchObject({ kind: 'unsent', error: { code: 'ENOENT' } });
    expect(await ask(port, {}, AbortSignal.abort())).toMatchObject({ kind: 'unsent' });
  });

  test('is broken by an answer that is too long, by one that is none, and by the end of patience', async () => {
    const port = await listen((socket) => socket.write('x'.repeat(70_000)));
    expect(await ask(port)).toMatchObject({ kind: 'broken', error: { message: 'its answer is longer than 64 KB' } });
    const refuse = () => {
      throw new Error('no');
    };
    expect(await ask(port, { lengthOfAnswer: refuse })).toMatchObject({ kind: 'broken', error: { message: 'no' } });
    const silent = await listen(() => undefined);
    expect(await ask(silent, {}, AbortSignal.timeout(50))).toMatchObject({ kind: 'broken' });
  });
});
