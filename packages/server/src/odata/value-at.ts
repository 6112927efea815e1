export type Scalar = string | number | boolean | null;

/** The value at a path of a parsed entity, as in `vendorInformation/provider`; null where there is none. */
export function valueAt(entity: Readonly<Record<string, unknown>>, path: string): Scalar {
  let value: unknown = entity;
  for (const name of path.split('/')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return typeof value === 'object' || value === undefined ? null : (value as Scalar);
}
