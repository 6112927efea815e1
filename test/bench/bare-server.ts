/**
 * A process of the bench: what Node can do without us. A POST is parsed, and answered with the same body and three members
 * more, serialised anew; a GET is answered with one constant text of the length in its first argument.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const constant = Buffer.from(JSON.stringify({ value: 'x'.repeat(Math.max(0, Number(process.argv[2] ?? 0) - 12)) }));

function answer(response: ServerResponse, status: number, body: Buffer): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

function answerPost(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const sent = JSON.parse(Buffer.concat(chunks).toString()) as object;
    const id = randomUUID();
    const entity = {
      id,
      ...sent,
      createdDateTime: new Date().toISOString(),
      status: 'NotStarted',
      user: null,
      completedDateTime: null,
      errorInfo: null,
    };
    answer(response, 201, Buffer.from(JSON.stringify(entity)));
  });
}

const server = createServer((request, response) => {
  if (request.method === 'POST') answerPost(request, response);
  else answer(response, 200, constant);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
