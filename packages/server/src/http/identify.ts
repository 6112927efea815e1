import type { IncomingMessage } from 'node:http';
import type { Permission } from '@interdict/contract';
import { authorize } from '../auth/authorize.ts';
import type { Caller } from '../auth/caller.ts';
import { type FeedKey, findBouncerKey, findFeedKey } from '../auth/feed-keys.ts';
import { Refusal } from '../errors.ts';
import type { App } from './app.ts';
import type { Route } from './route.ts';

/** Whom a request is from; nobody on a route that is open to anyone. */
export interface Identity {
  readonly caller?: Caller;
  readonly feedKey?: FeedKey;
}

const isBearer = (authorization: string | undefined): boolean => /^bearer(?: |$)/i.test(authorization ?? '');

/** Firewalls send a password only when they are asked for one. */
const CHALLENGE = 'Basic realm="interdict feeds", charset="UTF-8", Bearer realm="interdict"';

const HOW =
  'Fetch it with a feed key, by HTTP Basic with the key as password and any user name, or with a bearer token that may read.';

function noFeedKey(authorization: string | undefined): Refusal {
  const headers = { 'WWW-Authenticate': CHALLENGE };
  return authorization === undefined || authorization === ''
    ? new Refusal('InvalidAuthenticationToken', `The request has no Authorization header. ${HOW}`, {
        inner: 'missingToken',
        headers,
      })
    : new Refusal('InvalidAuthenticationToken', `The Authorization header holds no feed key of this server. ${HOW}`, {
        inner: 'invalidToken',
        headers,
      });
}

const NO_BOUNCER_KEY = 'Access forbidden. This needs a feed key of this server in the header X-Api-Key.';

function asCaller(caller: Caller, needed: Permission | 'caller'): Identity {
  if (needed !== 'caller') authorize(caller, needed);
  return { caller };
}

/**
 * Who asks, by a bearer token or, where the route takes it, by a firewall's key; and whether they may.
 * A promise only where the token has to be looked at.
 * @throws {Refusal} InvalidAuthenticationToken, Authorization_RequestDenied
 */
export function identify(app: App, route: Route, { headers, socket }: IncomingMessage): Identity | Promise<Identity> {
  const { permission } = route;
  const { authorization } = headers;
  if (permission === 'anyone') return {};
  if (permission === 'bouncer') {
    const feedKey = findBouncerKey(headers['x-api-key'], app.feedKeys);
    if (!feedKey) throw new Refusal('Authorization_RequestDenied', NO_BOUNCER_KEY, { inner: 'insufficientPermission' });
    return { feedKey };
  }
  if (permission === 'feed' && !isBearer(authorization)) {
    const feedKey = findFeedKey(authorization, app.feedKeys);
    if (!feedKey) throw noFeedKey(authorization);
    return { feedKey };
  }
  const needed = permission === 'feed' ? 'SecurityActions.Read.All' : permission;
  const known = app.authenticator.recall(authorization, socket);
  if (known) return asCaller(known, needed);
  return app.authenticator.authenticate(authorization, socket).then((caller) => asCaller(caller, needed));
}
