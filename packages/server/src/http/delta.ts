import {
  baselinePosition,
  type DeltaItem,
  type DeltaPage,
  type DeltaPosition,
  deltaPage,
  latestPosition,
} from '../actions/changes/delta-page.ts';
import { LOST } from '../actions/changes/read-changes.ts';
import { Refusal } from '../errors.ts';
import { type DeltaOptions, type DeltaToken, formatDeltaToken, parseDeltaToken } from '../odata/delta-token.ts';
import { parseFilter } from '../odata/filter/parse-filter.ts';
import { pageSizeOf } from '../odata/list-query.ts';
import { LARGEST_TOP, type QueryOptions, readQueryOptions, readTop } from '../odata/query-options.ts';
import type { TokenScope } from '../odata/sealed-text.ts';
import { parseSelect, type Selection, withId } from '../odata/select.ts';
import type { App } from './app.ts';
import { collectionAnswer } from './collection-answer.ts';
import { entityText } from './entity-answer.ts';
import type { Answer, Exchange } from './exchange.ts';
import { ACTIONS, contextUrl, rootOf, selected } from './links.ts';
import { applied, maxPageSizeOf } from './prefer.ts';
import { callerOf } from './security-actions.ts';

/** A link is good for longer than the 30 days that are promised. */
const TOKEN_LIFE_MS = 31 * 86_400_000;
/** How far the clocks of processes may be apart. */
const CLOCK_SKEW_MS = 300_000;

const FIXED = ['select', 'filter', 'top'] as const;

const urlOf = (exchange: Exchange): string => `${rootOf(exchange.base, exchange.root)}/${ACTIONS}/delta`;

function expired(exchange: Exchange, options: DeltaOptions): Refusal {
  const asked = FIXED.flatMap((name) =>
    options[name] === undefined ? [] : [`$${name}=${encodeURIComponent(options[name])}`],
  );
  return new Refusal(
    'gone',
    'This link is older than what is kept here. Begin anew with the address in the header Location, and put what it gives in the place of all that you have.',
    {
      inner: 'expiredToken',
      headers: { Location: asked.length > 0 ? `${urlOf(exchange)}?${asked.join('&')}` : urlOf(exchange) },
    },
  );
}

function invalid(message: string, target: string): Refusal {
  return new Refusal('badRequest', message, { inner: 'invalidQueryOption', target });
}

function tokenOf(scope: TokenScope, options: QueryOptions): DeltaToken | undefined {
  const { skiptoken, deltatoken } = options;
  const text = skiptoken ?? deltatoken;
  if (text === undefined) return undefined;
  if (skiptoken !== undefined && deltatoken !== undefined) {
    throw invalid('"$skiptoken" and "$deltatoken" are both there. A link has one of them.', '$deltatoken');
  }
  if (skiptoken === undefined && text.toLowerCase() === 'latest') return undefined;
  const beside = FIXED.find((name) => options[name] !== undefined);
  if (beside !== undefined) {
    const message = `"$${beside}" cannot stand beside a token: the first call has fixed it. Follow the link as it stands.`;
    throw invalid(message, `$${beside}`);
  }
  return parseDeltaToken(scope, text, skiptoken === undefined ? '$deltatoken' : '$skiptoken');
}

/** What a delta asks for: by this request, or by the first one. */
interface Asked {
  readonly options: DeltaOptions;
  readonly position: DeltaPosition;
  readonly givenAt: number | undefined;
  /** Without a baseline: there is nothing to read yet. */
  readonly isLatest: boolean;
  /** The size of its pages is the one that `Prefer` asks for. */
  readonly isPreferred: boolean;
}

function positionOf({ since, after }: DeltaToken): DeltaPosition {
  if (after === null) return { kind: 'changes', since };
  const [created_at, id] = after;
  return { kind: 'baseline', since, after: { created_at, id } };
}

async function readAsked(app: App, exchange: Exchange, scope: TokenScope): Promise<Asked> {
  const given = readQueryOptions(exchange.query, [...FIXED, 'skiptoken', 'deltatoken']);
  const token = tokenOf(scope, given);
  if (token) {
    const age = app.clock.now() - token.at;
    if (age > TOKEN_LIFE_MS || age < -CLOCK_SKEW_MS) throw expired(exchange, token.options);
    return {
      options: token.options,
      position: positionOf(token),
      givenAt: token.at,
      isLatest: false,
      isPreferred: false,
    };
  }
  const { select, filter } = given;
  // Before the store is asked: what is wrong with an option is said at once.
  const most = maxPageSizeOf(exchange);
  const size = pageSizeOf(given.top, most);
  const top = most === undefined ? given.top : String(size);
  const options = {
    ...(select !== undefined && { select }),
    ...(filter !== undefined && { filter }),
    ...(top !== undefined && { top }),
  };
  const isLatest = given.deltatoken !== undefined;
  const isPreferred = most !== undefined && size === Math.min(most, LARGEST_TOP);
  const begin = isLatest ? latestPosition : baselinePosition;
  return { options, position: await begin(app.actions, scope.tenantId), givenAt: undefined, isLatest, isPreferred };
}

function textOf(exchange: Exchange, selection: Selection | undefined, item: DeltaItem): string {
  if ('removed' in item) return JSON.stringify({ id: item.id, '@removed': { reason: item.removed } });
  return entityText(exchange, item.action, selection);
}

function linkOf(
  app: App,
  exchange: Exchange,
  scope: TokenScope,
  options: DeltaOptions,
  page: DeltaPage,
): readonly [string, string] {
  const { next, isEnd } = page;
  const after = next.kind === 'baseline' && next.after ? ([next.after.created_at, next.after.id] as const) : null;
  const token = formatDeltaToken(scope, { options, since: next.since, after, at: app.actions.clock.now() });
  const [name, option] = isEnd ? ['@odata.deltaLink', '$deltatoken'] : ['@odata.nextLink', '$skiptoken'];
  return [name, `${urlOf(exchange)}?${option}=${token}`];
}

/** Delta: all actions, then those that changed, and again those that changed since. */
export async function getSecurityActionDelta(app: App, exchange: Exchange): Promise<Answer> {
  const { tenantId } = callerOf(exchange);
  const scope = { secret: app.tokenSecret, tenantId, collection: `${ACTIONS}/delta` };
  const { options, position, givenAt, isLatest, isPreferred } = await readAsked(app, exchange, scope);
  const selection = options.select === undefined ? undefined : withId(parseSelect(options.select));
  const filter = options.filter === undefined ? undefined : parseFilter(options.filter);
  const wanted = { filter, limit: readTop(options.top), givenAt };
  const page: DeltaPage | typeof LOST = isLatest
    ? { items: [], next: position, isEnd: true }
    : await deltaPage(app.actions, tenantId, wanted, position);
  if (page === LOST) throw expired(exchange, options);
  const context = contextUrl(exchange.base, exchange.root, `${ACTIONS}${selected(selection)}`);
  const link = linkOf(app, exchange, scope, options, page);
  const answer = await collectionAnswer(exchange, { context, link }, page.items, (item) =>
    textOf(exchange, selection, item),
  );
  return isPreferred ? { ...answer, headers: applied(`odata.maxpagesize=${options.top}`) } : answer;
}
