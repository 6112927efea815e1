import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import { nextTurn } from '../lib/turns.ts';
import { arrivalOf } from './arrival.ts';
import { readJson } from './read-json.ts';

/** Bytes of a body, as it comes and as it is unpacked. */
export const MAX_BODY = 262_144;

const WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS']);

const inWords = (bytes: number): string => (bytes < 1_048_576 ? `${bytes / 1_024} KB` : `${bytes / 1_048_576} MB`);

export const tooLarge = (most: number): Refusal =>
  new Refusal('payloadTooLarge', `The body is larger than ${inWords(most)}.`, { inner: 'limitExceeded' });

/** Ends the stream that it reads as soon as too much has come out: a bomb is not unpacked to its end. */
async function* bounded(unpacked: Readable, most: number): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of unpacked) {
    length += (chunk as Buffer).length;
    if (length > most) throw tooLarge(most);
    yield chunk as Buffer;
  }
}

function gunzip(payload: Readable, most: number): Readable {
  const unpacked = createGunzip();
  let arrived = 0;
  // A stream can go on for ever and give nothing out.
  payload.on('data', (chunk: Buffer) => {
    arrived += chunk.length;
    if (arrived > most) unpacked.destroy(tooLarge(most));
  });
  payload.on('error', (error) => unpacked.destroy(error));
  // An error may come when nobody reads any more; it would end the process.
  unpacked.on('error', () => payload.unpipe(unpacked).resume());
  payload.pipe(unpacked);
  return Readable.from(bounded(unpacked, most), { objectMode: false });
}

/** Go's Graph SDK packs its bodies. The limit on a body's size counts what comes out. */
function unpack({ headers }: FastifyRequest['raw'], payload: Readable, most: number): Readable {
  const encoding = headers['content-encoding']?.toLowerCase();
  if (encoding === undefined || encoding === 'identity') return payload;
  if (encoding === 'gzip') return gunzip(payload, most);
  const message = `Content-Encoding "${encoding.slice(0, 50)}" is not served; gzip is.`;
  throw new Refusal('unsupportedMediaType', message, { target: 'content-encoding' });
}

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i;

/** A body without a type is read as JSON: clients leave it out. @throws {Refusal} unsupportedMediaType */
export function checkType(type: string | undefined): void {
  if (type === undefined || type === '' || type === 'application/json') return;
  const charset = CHARSET.exec(type)?.[1] ?? 'utf-8';
  if (JSON_TYPE.test(type) && /^(?:utf-?8|us-ascii)$/i.test(charset)) return;
  const message = `Content-Type "${type.slice(0, 100)}" is not served; application/json in UTF-8 is.`;
  throw new Refusal('unsupportedMediaType', message, { target: 'content-type' });
}

/** Bytes of a body that takes some milliseconds to be read and carried out: of many that come at once, others go in between. */
const LARGE = 32_768;

/** Where there is no body, no header can be wrong about it. */
function prepare({ raw, method }: FastifyRequest, reply: FastifyReply, payload: Readable): Readable {
  if (WITHOUT_BODY.has(method)) return payload;
  const { headers } = raw;
  const arrival = arrivalOf(raw);
  const most = arrival.limits?.bytes ?? MAX_BODY;
  arrival.contentType = headers['content-type'];
  // Else Fastify would judge it, and also where there is no body. Not deleted: that makes all headers slow to read.
  headers['content-type'] = undefined;
  const length = headers['content-length'];
  const isEmpty = headers['transfer-encoding'] === undefined && (length === undefined || Number(length) === 0);
  if (isEmpty) return payload;
  if (Number(length) > most) throw tooLarge(most);
  const unpacked = unpack(raw, payload, most);
  if (headers.expect !== undefined) reply.raw.writeContinue();
  if (unpacked === payload) return payload;
  delete headers['content-length'];
  // With neither length nor coding Fastify would see no body.
  headers['transfer-encoding'] = 'chunked';
  return unpacked;
}

function parse({ raw }: FastifyRequest, body: Buffer): unknown {
  const { contentType, limits } = arrivalOf(raw);
  if (body.length > 0) checkType(contentType);
  return readJson(body, limits?.depth);
}

export function installBodyReading(fastify: FastifyInstance): void {
  fastify.addHook('preParsing', (request, reply, payload, done) => done(null, prepare(request, reply, payload)));
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const read = (): void => {
      let parsed: unknown;
      try {
        parsed = parse(request, body);
      } catch (refusal) {
        done(refusal as Error);
        return;
      }
      done(null, parsed);
    };
    if (body.length < LARGE) read();
    else void nextTurn().then(read);
  });
}
