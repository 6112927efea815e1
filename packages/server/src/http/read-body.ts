import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import { readJson } from './read-json.ts';

/** Fastify compares what it reads with this: the length before unpacking. */
interface Unpacked extends Readable {
  receivedEncodedLength?: number;
}

/** Go's Graph SDK packs its bodies. The limit on a body's size counts what comes out. */
async function unpack(request: FastifyRequest, payload: Readable): Promise<Readable> {
  const encoding = request.headers['content-encoding']?.toLowerCase();
  if (encoding === undefined || encoding === 'identity') return payload;
  if (encoding !== 'gzip') {
    throw new Refusal('unsupportedMediaType', `Content-Encoding "${encoding.slice(0, 50)}" is not served; gzip is.`, {
      target: 'content-encoding',
    });
  }
  delete request.raw.headers['content-encoding'];
  delete request.raw.headers['content-length'];
  const unpacked: Unpacked = createGunzip();
  unpacked.receivedEncodedLength = 0;
  payload.on('data', (chunk: Buffer) => {
    unpacked.receivedEncodedLength = (unpacked.receivedEncodedLength ?? 0) + chunk.length;
  });
  payload.on('error', (error) => unpacked.destroy(error));
  payload.pipe(unpacked as never);
  return unpacked;
}

async function parseJson(_request: FastifyRequest, body: Buffer): Promise<unknown> {
  return readJson(body);
}

/** A body without a type is read as JSON: clients leave it out. Another type is refused, unless there is no body. */
async function parseOther(request: FastifyRequest, body: Buffer): Promise<unknown> {
  const type = request.headers['content-type'];
  if (body.length === 0) return undefined;
  if (type === undefined || type === '') return readJson(body);
  throw new Refusal(
    'unsupportedMediaType',
    `Content-Type "${type.slice(0, 100)}" is not served; application/json is.`,
    {
      target: 'content-type',
    },
  );
}

export function installBodyReading(fastify: FastifyInstance): void {
  fastify.addHook('preParsing', (request, _reply, payload) => unpack(request, payload));
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseJson);
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, parseOther);
}
