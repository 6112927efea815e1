import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';

const ENFORCEMENTS = '/beta/security/enforcements';
const HELD_BY = { '203.0.113.20': 1, '203.0.113.21': 103, '203.0.113.22': 100, '203.0.113.23': 2 };

let server: TestServer;
const actionsOn = new Map<string, readonly string[]>();

async function block(target: string): Promise<string> {
  const body = {
    name: 'BlockIp',
    vendorInformation: { provider: 'simulator' },
    parameters: [{ name: 'IP', value: target }],
  };
  return String((await ask(server, '/beta/security/securityActions', { body })).json.id);
}

const list = async (query: string): Promise<{ readonly rows: readonly Json[]; readonly next: string | undefined }> => {
  const { json } = await ask(server, `${ENFORCEMENTS}${query}`);
  const link = json['@odata.nextLink'];
  return {
    rows: json.value as unknown as readonly Json[],
    next: link === undefined ? undefined : new URL(String(link)).search,
  };
};

beforeAll(async () => {
  server = await startServer();
  for (const [target, count] of Object.entries(HELD_BY)) {
    const ids = await Promise.all(Array.from({ length: count }, () => block(target)));
    actionsOn.set(`ip:${target}`, ids.toSorted());
  }
  const isHeld = (ids: readonly string[]) =>
    until(
      () => Promise.all(ids.map(async (id) => (await ask(server, `/beta/security/securityActions/${id}`)).json)),
      (actions) => actions.every(({ status }) => String(status) === 'Completed'),
    );
  for (const ids of actionsOn.values()) await isHeld(ids);
}, 60_000);
afterAll(() => server.discard());

/** Of each target the actions that its row names, and how many it says there are. */
const told = (rows: readonly Json[]): Record<string, { ids: readonly string[]; count: unknown }> =>
  Object.fromEntries(
    rows.map((row) => {
      const holds = row.holds as unknown as readonly { readonly securityActionId: string }[];
      const ids = holds.map(({ securityActionId }) => securityActionId);
      return [String(row.target), { ids, count: row['holds@odata.count'] }];
    }),
  );

const expected = (): Record<string, unknown> =>
  Object.fromEntries(
    [...actionsOn].map(([target, ids]) => [
      target,
      { ids: ids.slice(0, 100), count: ids.length > 100 ? ids.length : undefined },
    ]),
  );

describe('what is in force', () => {
  it('names the first hundred actions that hold it, and how many there are where there are more', async () => {
    const { rows, next } = await list('');
    expect(next).toBeUndefined();
    expect(told(rows)).toEqual(expected());
  });

  it('is the same in pages', async () => {
    const rows: Json[] = [];
    let query: string | undefined = '?$top=1';
    while (query !== undefined) {
      const page = await list(query);
      expect(page.rows).toHaveLength(1);
      rows.push(...page.rows);
      query = page.next;
    }
    expect(rows).toHaveLength(4);
    expect(told(rows)).toEqual(expected());
  });
});
