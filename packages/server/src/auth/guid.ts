const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The GUID in lower case; undefined for anything that is none, braces and white space included. */
export function parseGuid(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const lower = value.toLowerCase();
  return GUID.test(lower) ? lower : undefined;
}

/** The tenant of all personal Microsoft accounts: nobody's company, so it is refused whatever the configuration says. */
export const PERSONAL_TENANT_ID = '9188040d-6c67-4c5b-b112-36a304b66dad';
