import { aCall, TENANT_A } from '../../testing.ts';
import { clamav } from '../connector.ts';
import { NO_PORTS } from './clamav-under-test.ts';
import { hashOf } from './samples.ts';

/** Another process of Interdict: applies so many hashes, a call after the other, and prints what came of each. */
const [socket = '', folder = '', first = '0', count = '1'] = process.argv.slice(2);
const connector = clamav.open({ name: 'files', own: { socket, folder } }, NO_PORTS);
for (let index = Number(first); index < Number(first) + Number(count); index += 1) {
  const target = { kind: 'sha256', value: hashOf('sha256', index) } as const;
  const call = aCall({ tenantId: TENANT_A, action: 'BlockFile', target });
  console.log(JSON.stringify(await connector.apply(call, AbortSignal.timeout(10_000))));
}
await connector.close();
