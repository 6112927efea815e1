import path from 'node:path';
import type { Permission } from '@interdict/contract';
import { openInstallKey } from '../packages/server/src/auth/install-key.ts';
import { createLocalIssuer, LOCAL_TENANT_ID, type MintRequest } from '../packages/server/src/auth/local-issuer.ts';
import { systemClock } from '../packages/server/src/lib/clock.ts';
import type { TestServer } from './server.ts';

/** A token of the server's own issuer, of an application that may write unless told otherwise. */
export const tokenFor = (server: TestServer, request: Partial<MintRequest>): Promise<string> =>
  createLocalIssuer(openInstallKey(path.join(server.data, 'key')), systemClock).mint({
    permissions: ['SecurityActions.ReadWrite.All'],
    ...request,
  });

/** A token of the server's own issuer for an application of any tenant. */
export const tokenOf = (
  server: TestServer,
  tenantId: string,
  permissions: readonly Permission[] = ['SecurityActions.ReadWrite.All'],
): Promise<string> => tokenFor(server, { tenantId, permissions });

/** A token that may read what the server's own token made. */
export const readerToken = (server: TestServer): Promise<string> =>
  tokenOf(server, LOCAL_TENANT_ID, ['SecurityActions.Read.All']);
