import { Refusal } from '../errors.ts';
import { didYouMean } from '../lib/nearest-name.ts';
import type { Provider } from './provider.ts';
import { canonicalActionName } from './targets/action-names.ts';

/** What of a request decides where it goes. `subProvider` and `providerVersion` do not. */
export interface Wanted {
  readonly provider: string | null;
  readonly vendor: string | null;
  readonly name: unknown;
  readonly parameters: unknown;
}

const equal = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Graph's own words for it; then what Graph never told: which there are. */
function unknownProvider(providers: readonly Provider[], why: string, target = 'vendorInformation/provider'): Refusal {
  const names = providers.filter(({ isRetired }) => !isRetired).map(({ name }) => name);
  const there = names.length === 0 ? 'This tenant has none.' : `This tenant has: ${names.join(', ')}.`;
  return new Refusal('badRequest', `Cannot find a provider for this request${why} ${there}`, {
    inner: 'unknownProvider',
    target,
  });
}

const meansVendor = (provider: Provider, vendor: string | null): boolean =>
  vendor === null || !provider.isVendorGiven || equal(provider.vendor, vendor);

/**
 * By name, then by alias; retired ones too.
 * @param target where the request names it
 * @throws {Refusal} unknownProvider
 */
export function findProvider(providers: readonly Provider[], wanted: string, target: string): Provider {
  const found =
    providers.find(({ name }) => equal(name, wanted)) ??
    providers.find(({ aliases }) => aliases.some((alias) => equal(alias, wanted)));
  if (found) return found;
  const known = providers.flatMap(({ name, aliases }) => [name, ...aliases]);
  throw unknownProvider(providers, `: there is no "${wanted.slice(0, 100)}".${didYouMean(wanted, known)}`, target);
}

function byName(providers: readonly Provider[], wanted: string, vendor: string | null): Provider {
  const named = providers.find(({ name }) => equal(name, wanted));
  if (named && !meansVendor(named, vendor)) {
    throw unknownProvider(providers, `: provider "${named.name}" is of vendor "${named.vendor}", not "${vendor}".`);
  }
  const found = named ?? findProvider(providers, wanted, 'vendorInformation/provider');
  if (found.isRetired) throw unknownProvider(providers, `: "${found.name}" is retired and takes no new actions.`);
  return found;
}

function byAction(providers: readonly Provider[], { name, parameters }: Wanted): Provider {
  const serving = providers.filter(({ isRetired }) => !isRetired);
  const offered = [...new Set(serving.flatMap(({ offers }) => offers.map((offer) => offer.name)))];
  const action = canonicalActionName(name, parameters, offered);
  const able = serving.filter(({ offers }) => offers.some((offer) => offer.name === action));
  const [only] = able;
  if (!only) throw unknownProvider(providers, `: none offers "${action}".`);
  if (able.length === 1) return only;
  const names = able.map((provider) => provider.name).join(', ');
  throw new Refusal('badRequest', `Several providers offer "${action}": ${names}. Name one in vendorInformation.`, {
    inner: 'ambiguousProvider',
    target: 'vendorInformation/provider',
  });
}

/**
 * The provider that a request means: by name, then by alias; without a name, the only one that offers the action.
 *
 * @param providers those of the caller's tenant
 * @throws {Refusal} unknownProvider, ambiguousProvider, unknownAction
 */
export function chooseProvider(providers: readonly Provider[], wanted: Wanted): Provider {
  if (wanted.provider === null || wanted.provider === '') return byAction(providers, wanted);
  return byName(providers, wanted.provider, wanted.vendor);
}
