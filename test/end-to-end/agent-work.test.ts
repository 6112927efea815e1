import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { type Refused, refusalFaults } from '../refusal.ts';
import { requirement } from '../requirement.ts';
import { ask, type Json, type Reply, startServer, type TestServer, until } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';

const ACTIONS = '/beta/security/securityActions';
const AGENT = '33333333-3333-4333-8333-333333333333';
const OTHER_APP = '44444444-4444-4444-8444-444444444444';
const OTHER_TENANT = '22222222-2222-4222-8222-222222222222';
const CONFIG = `providers:
  - { name: branch, connector: agent, runs: [crowdsec], reporters: [${AGENT}], timeout: PT1S, lateness: PT1S }
  - { name: near, connector: agent, runs: [nftables], reporters: [${AGENT}], timeout: PT1S, lateness: PT1S }
  - { name: quick, connector: simulator }
`;
const PRESENT = { kind: 'present' };
const ABSENT = { kind: 'absent' };
const DONE = { kind: 'done', level: 'accepted' };

interface Work {
  readonly id: string;
  readonly kind: string;
  readonly call: { readonly target: { readonly value: string }; readonly operationId: string };
}

function describeWork(name: string, start: () => Promise<readonly [TestServer, TestServer]>): void {
  describe(`work for agents, ${name}`, { timeout: 90_000 }, () => {
    /** Where agents and clients ask; with several processes, two of them. */
    let [server, second]: TestServer[] = [];
    let token = '';
    let last = 0;

    beforeAll(async () => {
      [server, second] = await start();
      token = await tokenFor(at(), { appId: AGENT });
    });
    afterAll(async () => {
      await server?.discard();
      if (second !== server) await second?.discard();
    });

    function at(): TestServer {
      if (!server) throw new Error('The server is not started.');
      return server;
    }
    const agent = (verb: string, body: object, asked: object = {}, where = at()): Promise<Reply> =>
      ask(where, `/v1.0/security/work/${verb}`, { body: { provider: 'branch', ...body }, token, ...asked });
    const lease = async (max = 10, waitSeconds = 5): Promise<readonly Work[]> => {
      const { status, json } = await agent('lease', { max, waitSeconds });
      expect(status).toBe(200);
      return json.value as unknown as Work[];
    };
    const one = async (kind: string): Promise<Work> => {
      const [work, ...more] = await lease();
      expect([work?.kind, more.length]).toEqual([kind, 0]);
      return work as Work;
    };
    /** At the other process, where there is one. */
    const complete = (id: string, report: object): Promise<Reply> => agent('complete', { id, ...report }, {}, second);
    const block = async (provider = 'branch'): Promise<string> => {
      last += 1;
      const body = {
        name: 'BlockIp',
        parameters: [{ name: 'IP', value: `198.51.100.${last}` }],
        vendorInformation: { provider },
      };
      const { status, json } = await ask(at(), ACTIONS, { body });
      expect(status).toBe(201);
      return String(json.id);
    };
    const get = async (id: string): Promise<Json> => (await ask(at(), `${ACTIONS}/${id}`)).json;
    const standing = async (id: string): Promise<string> => {
      const { status, enforcement } = await get(id);
      return `${status} ${enforcement?.state}`;
    };
    const cancel = (id: string): Promise<Reply> =>
      ask(at(), `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
    const faults = ({ status, headers, text }: Reply, refused: Refused): string[] =>
      refusalFaults({ status, headers, body: text }, refused);

    /** Looked at, applied, read back. */
    const inForce = async (): Promise<string> => {
      const id = await block();
      const look = await one('look');
      const looked = await complete(look.id, { presence: ABSENT });
      const apply = looked.json.next as unknown as Work;
      expect([looked.status, apply.kind]).toEqual([200, 'apply']);
      expect((await complete(apply.id, { answer: DONE, presence: PRESENT })).json.next).toBeNull();
      expect(await standing(id)).toBe('Completed inForce');
      return id;
    };
    /** Where an apply was lost, the release is sent again when that cannot land any more. */
    const takenBack = async (id: string): Promise<string> => {
      const end = Date.now() + 20_000;
      for (;;) {
        for (const { id: work, kind } of await lease(10, 1)) {
          expect(kind).toBe('release');
          await complete(work, { answer: DONE, presence: ABSENT });
        }
        const is = await standing(id);
        if (is.endsWith(' released') || Date.now() > end) return is;
      }
    };
    const released = async (id: string): Promise<void> => {
      await cancel(id);
      expect(await takenBack(id)).toBe('Completed released');
    };

    it('goes from the look to the read-back, and is taken back', async () => {
      const id = await inForce();
      expect((await get(id)).enforcement).toMatchObject({ verification: 'readBack', preexisting: false });
      await released(id);
    });

    it('is done only with the look of the agent’s own connector', async () => {
      const id = await block();
      const looked = await complete((await one('look')).id, { presence: ABSENT });
      const apply = looked.json.next as unknown as Work;
      expect((await complete(apply.id, { answer: DONE })).status).toBe(200);
      expect(await standing(id)).toBe('Running unknown');
      expect((await complete((await one('verify')).id, { presence: PRESENT })).status).toBe(200);
      expect(await standing(id)).toBe('Completed inForce');
      await released(id);
    });

    it('comes to an agent that waits for it', async () => {
      const asked = lease(1, 20);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const began = Date.now();
      const id = await block();
      const [look] = await asked;
      expect(Date.now() - began).toBeLessThan(3_000);
      await complete(look?.id ?? '', { presence: { kind: 'present', foreign: true } });
      expect((await get(id)).enforcement).toMatchObject({ state: 'inForce', preexisting: true });
      await cancel(id);
      expect(await standing(id)).toBe('Completed released');
    });

    it('begins with the apply where that leaves what others put there, and tells whose it is behind it', async () => {
      const near = { provider: 'near' };
      for (const foreign of [true, false]) {
        const id = await block('near');
        const [apply, ...more] = (await agent('lease', { ...near, waitSeconds: 5 })).json.value as unknown as Work[];
        expect([apply?.kind, more.length]).toEqual(['apply', 0]);
        await complete(apply?.id ?? '', { ...near, answer: DONE, presence: { kind: 'present', foreign } });
        expect((await get(id)).enforcement).toMatchObject({ state: 'inForce', preexisting: foreign });
        await cancel(id);
        expect(await standing(id)).toBe(`Completed ${foreign ? 'released' : 'releasing'}`);
      }
    });

    it('is reported once, under its lease', async () => {
      const id = await block();
      const look = await one('look');
      const LOST = { status: 409, inner: 'leaseLost', target: 'id' } as const;
      const made = look.id.replace(/\.(\d+)\./, (_, fence) => `.${Number(fence) + 1}.`);
      for (const other of ['', 'x', made, `${look.id}1.`]) {
        expect(faults(await complete(other, { presence: ABSENT }), LOST)).toEqual([]);
        expect(faults(await agent('renew', { id: other }), LOST)).toEqual([]);
      }
      expect((await complete(look.id, { presence: { kind: 'unknown', message: 'It is away.' } })).status).toBe(200);
      expect(faults(await complete(look.id, { presence: ABSENT }), LOST)).toEqual([]);
      await cancel(id);
      expect(await standing(id)).toBe('Failed none');
    });

    it('whose lease runs out goes to whoever asks next; what is renewed does not', async () => {
      const [first, other] = [await block(), await block()];
      const looks = await lease();
      expect(looks).toHaveLength(2);
      const kept = looks.find(({ call }) => call.target.value === `198.51.100.${last}`);
      const lapsed = looks.find((each) => each !== kept);
      await new Promise((resolve) => setTimeout(resolve, 14_000));
      expect((await agent('renew', { id: kept?.id }, {}, second)).json).toMatchObject({
        leaseSeconds: 17,
        isWanted: true,
      });
      const again = await until(
        async () => (await lease(10, 1))[0],
        (work) => work !== undefined,
      );
      expect([again?.kind, again?.call.target.value]).toEqual(['look', lapsed?.call.target.value]);
      expect((await complete(lapsed?.id ?? '', { presence: PRESENT })).status).toBe(409);
      expect((await complete(kept?.id ?? '', { presence: PRESENT })).status).toBe(200);
      expect((await complete(again?.id ?? '', { presence: PRESENT })).status).toBe(200);
      expect([await standing(first), await standing(other)]).toEqual(['Completed inForce', 'Completed inForce']);
      await cancel(first);
      await cancel(other);
    });

    it('that nobody wants any more is told so, and taken back', async () => {
      const id = await block();
      const looked = await complete((await one('look')).id, { presence: ABSENT });
      const apply = looked.json.next as unknown as Work;
      expect((await agent('renew', { id: apply.id })).json.isWanted).toBe(true);
      await cancel(id);
      expect((await agent('renew', { id: apply.id })).json.isWanted).toBe(false);
      await complete(apply.id, { answer: { kind: 'unknown', message: 'Broken off.' } });
      expect(await takenBack(id)).toBe('Failed released');
    });

    it('of applies waits while the dispatch is stopped; that of releases does not', async () => {
      const id = await inForce();
      await ask(at(), '/beta/security/stopDispatch', { body: { reason: 'A rule goes wild' } });
      const held = await block();
      expect(await lease(10, 0)).toEqual([]);
      await released(id);
      const approver = await tokenFor(at(), {
        permissions: ['SecurityActions.Approve.All'],
        delegated: true,
        user: 'ada',
      });
      await ask(at(), '/beta/security/resumeDispatch', { body: { reason: 'Mended' }, token: approver });
      const [look] = await lease();
      expect(look?.kind).toBe('look');
      await cancel(held);
      await complete(look?.id ?? '', { presence: ABSENT });
    });

    it('is for applications among the provider’s reporters, and of their tenant', async () => {
      const id = await block();
      const DENIED = { status: 403, inner: 'insufficientPermission' } as const;
      const others = [
        await tokenFor(at(), { appId: OTHER_APP }),
        await tokenFor(at(), { appId: AGENT, delegated: true, user: 'ada' }),
        await tokenFor(at(), { appId: AGENT, permissions: ['SecurityActions.Read.All'] }),
      ];
      for (const other of others) {
        for (const [verb, body] of [
          ['lease', {}],
          ['renew', { id: 'x' }],
          ['complete', { id: 'x', presence: ABSENT }],
        ] as const) {
          expect(faults(await agent(verb, body, { token: other }), DENIED)).toEqual([]);
        }
      }
      const stranger = await tokenFor(at(), { appId: AGENT, tenantId: OTHER_TENANT });
      expect((await agent('lease', { max: 100 }, { token: stranger })).json.value).toEqual([]);
      const [look] = await lease();
      expect(
        faults(await agent('complete', { id: look?.id, presence: ABSENT }, { token: stranger }), {
          status: 409,
          inner: 'leaseLost',
          target: 'id',
        }),
      ).toEqual([]);
      await cancel(id);
      await complete(look?.id ?? '', { presence: ABSENT });
    });

    it.each<[string, unknown, string, string?]>([
      ['lease', { provider: 'quick' }, 'invalidProperty', 'provider'],
      ['lease', { provider: 'nowhere' }, 'unknownProvider', 'provider'],
      ['lease', { provider: undefined }, 'missingProperty', 'provider'],
      ['lease', { max: 0 }, 'invalidProperty', 'max'],
      ['lease', { max: 101 }, 'invalidProperty', 'max'],
      ['lease', { waitSeconds: 21 }, 'invalidProperty', 'waitSeconds'],
      ['lease', { maximum: 3 }, 'unknownProperty', 'maximum'],
      ['renew', {}, 'missingProperty', 'id'],
      ['complete', { id: 'x' }, 'missingProperty', 'answer'],
      ['complete', { id: 'x', answer: { kind: 'fine' } }, 'invalidProperty', 'answer/kind'],
      ['complete', { id: 'x', answer: { kind: 'done' } }, 'missingProperty', 'answer/level'],
      ['complete', { id: 'x', answer: { kind: 'refused' } }, 'missingProperty', 'answer/message'],
      [
        'complete',
        { id: 'x', answer: { kind: 'unavailable', message: 'Busy', retryAfter: 5 } },
        'unknownProperty',
        'answer/retryAfter',
      ],
      [
        'complete',
        { id: 'x', answer: { kind: 'unavailable', message: 'Busy', retryAfterMs: -5 } },
        'invalidProperty',
        'answer/retryAfterMs',
      ],
      [
        'complete',
        { id: 'x', presence: { kind: 'present', note: 'x'.repeat(1_001) } },
        'invalidProperty',
        'presence/note',
      ],
      [
        'complete',
        { id: 'x', answer: { kind: 'unavailable', message: 'Busy', retryAfterMs: 1e308 } },
        'invalidProperty',
        'answer/retryAfterMs',
      ],
      [
        'complete',
        { id: 'x', answer: { kind: 'pending', message: 'Soon', againMs: 0.5 } },
        'invalidProperty',
        'answer/againMs',
      ],
      [
        'complete',
        { id: 'x', answer: { kind: 'refused', message: 'No', subcode: 2 ** 40 } },
        'invalidProperty',
        'answer/subcode',
      ],
      ['complete', { id: 'x', answer: { kind: 'refused', message: 'No\u0000' } }, 'invalidProperty', 'answer/message'],
      ['complete', { id: 'x', presence: 'present' }, 'invalidProperty', 'presence'],
    ])('%s with %j is refused as %s', async (verb, body, inner, target) => {
      const refused = { status: 400, inner, ...(target && { target }) } as Refused;
      expect(faults(await agent(verb, body as object), refused)).toEqual([]);
    });
  });
}

describeWork('SQLite', async () => {
  const server = await startServer({ config: CONFIG });
  return [server, server];
});

let postgres: TestPostgres | undefined;
afterAll(() => postgres?.stop());
describe.skipIf(!requirement('postgres18').ok)('with a shared store', () => {
  describeWork('two processes over PostgreSQL', async () => {
    postgres = await startPostgres('18');
    const env = { INTERDICT_DATABASE_URL: postgres.url };
    const first = await startServer({ config: CONFIG, env });
    return [first, await startServer({ config: CONFIG, env, data: first.data })];
  });
});

describe('a server that dies while an agent works', { timeout: 60_000 }, () => {
  it('takes its report when it is back', async () => {
    let server = await startServer({ config: CONFIG });
    const token = await tokenFor(server, { appId: AGENT });
    const body = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: '198.51.100.9' }],
      vendorInformation: { provider: 'branch' },
    };
    const id = String((await ask(server, ACTIONS, { body })).json.id);
    const work = (verb: string, rest: object): Promise<Reply> =>
      ask(server, `/beta/security/work/${verb}`, { body: { provider: 'branch', ...rest }, token });
    const [look] = (await work('lease', { waitSeconds: 5 })).json.value as unknown as Work[];
    await server.kill();
    server = await server.again();
    const { status, json } = await work('complete', { id: look?.id, presence: ABSENT });
    const apply = json.next as unknown as Work;
    expect([status, apply.kind]).toEqual([200, 'apply']);
    await server.kill();
    server = await server.again();
    expect((await work('complete', { id: apply.id, answer: DONE, presence: PRESENT })).status).toBe(200);
    expect((await ask(server, `${ACTIONS}/${id}`)).json).toMatchObject({
      status: 'Completed',
      enforcement: { state: 'inForce' },
    });
    await server.discard();
  });
});
