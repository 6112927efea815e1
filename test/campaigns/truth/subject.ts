import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SeenProduct } from '../../../packages/connectors/src/testing.ts';
import { LOCAL_TENANT_ID } from '../../../packages/server/src/auth/local-issuer.ts';
import { ask, type Json, startServer, type TestServer } from '../../server.ts';

const ACTIONS = '/beta/security/securityActions';
const PROVIDER = 'subject';

/** A product that runs, and a server that is started before it as an operator would. */
export interface Subject {
  readonly name: string;
  readonly product: SeenProduct;
  readonly server: TestServer;
  post(index: number): Promise<string>;
  cancel(id: string): Promise<void>;
  /** Status and state, as in `Completed inForce`. */
  standing(id: string): Promise<string>;
  stop(): Promise<void>;
}

/** Runs nft in a namespace. */
export function nftScript(folder: string): (enter: readonly string[]) => string {
  return (enter) => {
    const file = path.join(folder, 'nft-of-the-gateway');
    writeFileSync(file, `#!/bin/sh\nexec ${enter.join(' ')} nft "$@"\n`);
    chmodSync(file, 0o755);
    return file;
  };
}

export async function openSubject(name: string, product: SeenProduct): Promise<Subject> {
  const provider = { ...product.provider, name: PROVIDER };
  const tenants = 'tenants' in provider ? { tenants: [LOCAL_TENANT_ID] } : {};
  const config = JSON.stringify({ providers: [{ ...provider, ...tenants }] });
  const server = await startServer({ config, env: product.environment }).catch(async (error) => {
    await product.stop();
    throw error;
  });
  const json = async (where: string, asked: object = {}): Promise<Json> => {
    const reply = await ask(server, where, asked);
    if (reply.status >= 400) throw new Error(`${reply.status}: ${reply.text}`);
    return reply.json;
  };
  return {
    name,
    product,
    server,
    post: async (index) => {
      const body = {
        name: product.action,
        parameters: [{ name: product.parameter, value: product.target(index) }],
        vendorInformation: { provider: PROVIDER },
      };
      return String((await json(ACTIONS, { body })).id);
    },
    cancel: async (id) => void (await json(`${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' })),
    standing: async (id) => {
      const { status, enforcement } = await json(`${ACTIONS}/${id}`);
      return `${status} ${enforcement?.state}`;
    },
    stop: async () => {
      await server.discard();
      await product.stop();
    },
  };
}
