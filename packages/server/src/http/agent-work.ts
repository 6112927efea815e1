import type { WorkReport } from '@interdict/connectors';
import type { AgentAsking } from '../actions/agent-work.ts';
import { findProvider } from '../actions/choose-provider.ts';
import { providersOf } from '../actions/provider.ts';
import { Refusal } from '../errors.ts';
import { readQueryOptions } from '../odata/query-options.ts';
import type { App } from './app.ts';
import { readHeldWork, readWorkReport, readWorkWish } from './bodies/read-work.ts';
import type { Answer, Exchange } from './exchange.ts';
import { contextUrl } from './links.ts';
import { callerOf } from './security-actions.ts';

const denied = (message: string): Refusal =>
  new Refusal('Authorization_RequestDenied', message, { inner: 'insufficientPermission' });

/**
 * The agent that asks: an application that speaks for a provider of its tenant whose calls are leased.
 * @throws {Refusal} unknownProvider, invalidProperty, insufficientPermission
 */
function agentOf(app: App, exchange: Exchange, named: string): AgentAsking {
  const { tenantId, appId, kind } = callerOf(exchange);
  if (kind !== 'application') throw denied('Work is for applications: a user’s token leases none.');
  const provider = findProvider(providersOf(app.actions.providers, tenantId), named, 'provider');
  if (!provider.isPulled) {
    const message = `Provider "${provider.name}" makes its calls itself. Agents work for providers with "connector: agent".`;
    throw new Refusal('badRequest', message, { inner: 'invalidProperty', target: 'provider' });
  }
  if (!provider.reporters.includes(appId.toLowerCase())) {
    throw denied(`Application ${appId} is none of the reporters of provider "${provider.name}".`);
  }
  return { tenantId, appId, provider };
}

const contextOf = ({ base, root }: Exchange, type: string): string => contextUrl(base, root, type);

const lost = (): Refusal =>
  new Refusal('conflict', 'The lease is lost: it ran out, or was reported already. What was done is looked at anew.', {
    inner: 'leaseLost',
    target: 'id',
  });

/** A word of it counts for no more than its connectors promise. */
function refuseMore({ provider }: AgentAsking, answer: WorkReport['answer']): void {
  if (answer?.kind !== 'done' || answer.level !== 'reported') return;
  if (provider.offers.every(({ verification }) => verification !== 'accepted')) return;
  const message = `"answer/level" is "reported", and what provider "${provider.name}" runs promises "accepted" at most.`;
  throw new Refusal('badRequest', message, { inner: 'invalidProperty', target: 'answer/level' });
}

/** Lease: the calls that are due, each with its intent committed; an empty list where nothing came due in time. */
export async function leaseWork(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const { provider, max = 1, waitSeconds = 0 } = readWorkWish(exchange.body);
  const agent = agentOf(app, exchange, provider);
  const wait = { ms: waitSeconds * 1_000, isOpen: exchange.isOpen };
  const value = await app.agents.lease(agent, max, wait);
  return {
    status: 200,
    body: JSON.stringify({ '@odata.context': contextOf(exchange, 'Collection(interdict.work)'), value }),
  };
}

/** Renew: the lease lasts as long again. */
export async function renewWork(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const { provider, id } = readHeldWork(exchange.body);
  const renewed = await app.agents.renew(agentOf(app, exchange, provider), id);
  if (!renewed) throw lost();
  return {
    status: 200,
    body: JSON.stringify({ '@odata.context': contextOf(exchange, 'interdict.renewedWork'), ...renewed }),
  };
}

/** Complete: how the call went, under its lease. 200 once that is committed. */
export async function completeWork(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const { provider, id, answer, presence } = readWorkReport(exchange.body);
  const agent = agentOf(app, exchange, provider);
  refuseMore(agent, answer);
  const report = { ...(answer && { answer }), ...(presence && { presence }) };
  const done = await app.agents.complete(agent, id, report);
  if (!done) throw lost();
  return {
    status: 200,
    body: JSON.stringify({ '@odata.context': contextOf(exchange, 'interdict.reportedWork'), ...done }),
  };
}
