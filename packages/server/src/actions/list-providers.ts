import type { SecurityActionProvider } from '@interdict/contract';
import { Refusal } from '../errors.ts';
import { didYouMean } from '../lib/nearest-name.ts';
import type { ActionsDeps } from './actions-deps.ts';
import { type Provider, providersOf } from './provider.ts';

const toCatalogue = ({ health }: ActionsDeps, provider: Provider, tenantId: string): SecurityActionProvider => {
  const { health: state, message } = health.of(provider.key, tenantId);
  return {
    id: provider.name,
    vendorInformation: {
      provider: provider.name,
      providerVersion: null,
      subProvider: null,
      vendor: provider.vendor,
    },
    aliases: provider.aliases,
    connector: provider.connector,
    health: state,
    healthMessage: message,
    actions: provider.isRetired ? [] : provider.offers,
  };
};

/** The providers that this tenant has, with everything a client needs to ask them. */
export const listProviders = (deps: ActionsDeps, tenantId: string): readonly SecurityActionProvider[] =>
  providersOf(deps.providers, tenantId).map((provider) => toCatalogue(deps, provider, tenantId));

/** @throws {Refusal} notFound */
export function getProvider(deps: ActionsDeps, tenantId: string, id: string): SecurityActionProvider {
  const mine = providersOf(deps.providers, tenantId);
  const found = mine.find(({ name }) => name.toLowerCase() === id.toLowerCase());
  if (found) return toCatalogue(deps, found, tenantId);
  const hint = didYouMean(
    id,
    mine.map(({ name }) => name),
  );
  throw new Refusal('notFound', `There is no provider "${id.slice(0, 100)}".${hint}`, {
    inner: 'unknownResource',
    target: 'id',
  });
}
