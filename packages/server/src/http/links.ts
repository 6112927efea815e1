import { type Selection, selectContext } from '../odata/select.ts';
import { isSeedRoot, type Root } from './rewrite-path.ts';

const SEGMENT: Readonly<Record<Root, string>> = { beta: '/beta', 'v1.0': '/v1.0', localtest: '/localtest', none: '' };

/** Links keep the version that the request had, in lower case. */
export const rootOf = (base: string, root: Root): string => `${base}${SEGMENT[root]}`;

export const ACTIONS = 'security/securityActions';

export const actionUrl = (base: string, root: Root, id: string): string =>
  `${rootOf(base, root)}/${ACTIONS}/${encodeURIComponent(id)}`;

export const contextUrl = (base: string, root: Root, of: string): string => `${rootOf(base, root)}/$metadata#${of}`;

/** What stands behind the name in a context where not all was asked for. */
export const selected = (selection: Selection | undefined): string =>
  selection ? `(${selectContext(selection)})` : '';

/** Graph's long form, which its clients know; on the seed roots what the seed shows. */
export const jsonType = (root: Root): string =>
  isSeedRoot(root)
    ? 'application/json'
    : 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

/** A stored entity with its context in front, put together as text: nothing is parsed. */
export const withContext = (context: string, entity: string): string =>
  `{"@odata.context":${JSON.stringify(context)},${entity.slice(1)}`;
