/** Of the range that RFC 6598 sets aside for carriers, 100.64.0.0/10: four million addresses that belong to nobody. */
const targetOf = (index: number): string => `100.${64 + ((index >> 16) & 63)}.${(index >> 8) & 255}.${index & 255}`;

const REASON =
  'Seen by the mail gateway as the source of a phishing campaign: 412 messages to 96 mailboxes between 08:14 and 09:02, ' +
  'three of them opened, one followed to a page that asked for credentials. The sender address is listed by two feeds, and ' +
  'the host answered the analyst with the same kit as last week. Blocked for the working day while the mailboxes are searched ' +
  'and the credentials are renewed; the shift lead decides in the evening whether it stays. Ticket 48213 has the headers and the page.';

/** A request as an analyst's tool sends it, 1.06 KB with a target of its own for each index. */
export const requestBody = (provider: string, index: number): string =>
  JSON.stringify({
    '@odata.type': '#microsoft.graph.securityAction',
    name: 'BlockIp',
    actionReason: REASON,
    clientContext: `case-2026-11-${String(index).padStart(8, '0')}`,
    parameters: [
      { '@odata.type': 'microsoft.graph.keyValuePair', name: 'IP', value: targetOf(index) },
      { '@odata.type': 'microsoft.graph.keyValuePair', name: 'AlertId', value: `da637551227677560813_${index}` },
      { '@odata.type': 'microsoft.graph.keyValuePair', name: 'ttl', value: 'PT8H' },
    ],
    vendorInformation: {
      '@odata.type': 'microsoft.graph.securityVendorInformation',
      provider,
      providerVersion: '1.0',
      vendor: 'Interdict',
    },
  });

/** The same, told of an action that was taken elsewhere: a record on the seed roots. */
export const recordBody = (provider: string, index: number): string =>
  JSON.stringify({ ...(JSON.parse(requestBody(provider, index)) as object), status: 'Completed' });

/** So many requests as one batch, of targets that no other index has. */
export const batchBody = (provider: string, index: number, size: number): string => {
  const requests = Array.from({ length: size }, (_, at) => {
    const body = requestBody(provider, index * size + at);
    return `{"id":"${at}","method":"POST","url":"/security/securityActions","headers":{"Content-Type":"application/json"},"body":${body}}`;
  });
  return `{"requests":[${requests.join(',')}]}`;
};
