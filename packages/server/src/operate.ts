import { existsSync } from 'node:fs';
import path from 'node:path';
import { openInstallKey } from './auth/install-key.ts';
import { createLocalIssuer, type MintRequest } from './auth/local-issuer.ts';
import { readLocalIssuerSettings } from './config.ts';
import { OperatorFault } from './errors.ts';
import { systemClock } from './lib/clock.ts';

export { type MintRequest, OperatorFault };

/**
 * A token of the local issuer, signed with the install key in `$INTERDICT_DATA`, whether the server is up or not.
 *
 * @throws {OperatorFault} where issuers are configured, or no key is there
 * @throws {RangeError} where nobody could hold such a token
 */
export async function mintToken(request: MintRequest): Promise<string> {
  const { dataFolder, isLocal } = readLocalIssuerSettings();
  if (!isLocal) {
    throw new OperatorFault('The configuration names issuers: tokens come from them, and the local issuer is off.');
  }
  const keyFile = path.join(dataFolder, 'key');
  if (!existsSync(keyFile)) {
    throw new OperatorFault(
      `There is no install key at ${keyFile}. Start the server once, or point INTERDICT_DATA at its data.`,
    );
  }
  return await createLocalIssuer(openInstallKey(keyFile), systemClock).mint(request);
}
