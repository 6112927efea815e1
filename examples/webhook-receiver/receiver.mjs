import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.WEBHOOK_SECRET ?? '';
const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
if (key.length < 24) throw new Error('WEBHOOK_SECRET needs the 24 bytes or more that Interdict signs with.');
const inForce = new Map(); // what your product enforces: its API stands in place of this
const answers = new Map(); // by webhook-id: a repeat is answered again, and not done again

function isSigned({ 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signatures = '' }, body) {
  const right = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest();
  const given = signatures.split(' ').map((each) => Buffer.from(each.replace(/^v1,/, ''), 'base64'));
  const isFresh = Math.abs(Date.now() / 1000 - Number(time)) < 300;
  return isFresh && given.some((each) => each.length === right.length && timingSafeEqual(each, right));
}

function carryOut(id, { type, data }) {
  if (answers.has(id)) return answers.get(id);
  const effect = `${data.tenantId} ${data.name} ${data.target}`;
  if (type === 'securityAction.apply') inForce.set(effect, data.expirationDateTime);
  if (type === 'securityAction.release') inForce.delete(effect);
  const answer = { state: inForce.has(effect) ? 'inForce' : 'absent' };
  if (type !== 'securityAction.verify') answers.set(id, answer);
  return answer;
}

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  if (!isSigned(request.headers, body)) return response.writeHead(401).end();
  const answer = carryOut(request.headers['webhook-id'], JSON.parse(body));
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
});
const { PORT = '9000' } = process.env;
server.listen(PORT, '127.0.0.1', () => console.log(`Listening on port ${server.address().port}`));
