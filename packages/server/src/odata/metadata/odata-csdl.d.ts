/** It has no types of its own. */
declare module 'odata-csdl' {
  export function xml2json(
    xml: string,
    options?: { readonly annotations?: boolean; readonly strict?: boolean; readonly messages?: unknown[] },
  ): object;
}
