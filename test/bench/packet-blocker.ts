/** A process of the bench, on the gateway: asks the server for a block, or calls nft alone, and says when it began. */
import { spawn } from 'node:child_process';
import http from 'node:http';
import { monotonicMs } from './monotonic.ts';

export type BlockerOrder =
  | { readonly kind: 'post'; readonly url: string; readonly token: string; readonly body: string }
  | { readonly kind: 'nft'; readonly args: readonly string[] };

export interface Begun {
  readonly beganAt: number;
  /** When the answer was there, or nft had ended. */
  readonly answeredAt: number;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function post({ url, token, body }: Extract<BlockerOrder, { kind: 'post' }>): Promise<Begun> {
  const headers = {
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json',
    'Content-Length': body.length,
  };
  return new Promise((resolve, reject) => {
    const beganAt = monotonicMs();
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 201) resolve({ beganAt, answeredAt: monotonicMs() });
        else reject(new Error(`The POST of a block was answered with ${response.statusCode}.`));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

function nft({ args }: Extract<BlockerOrder, { kind: 'nft' }>): Promise<Begun> {
  return new Promise((resolve, reject) => {
    const beganAt = monotonicMs();
    const child = spawn('nft', args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve({ beganAt, answeredAt: monotonicMs() });
      else reject(new Error(`nft ended with ${code}.`));
    });
  });
}

process.on('message', (order: BlockerOrder) => {
  (order.kind === 'post' ? post(order) : nft(order)).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
