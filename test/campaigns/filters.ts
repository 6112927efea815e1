import { readFilters } from '../read-filters.ts';
import { beginCampaign, endCampaign } from './campaign.ts';

const { count, seed } = beginCampaign('filters', { long: 20_000_000, short: 100_000 });
const began = performance.now();
const accepted = readFilters(count, seed);
const seconds = (performance.now() - began) / 1_000;
const seen = `${accepted} read, ${Math.round(count / seconds)} a second`;
endCampaign([{ promise: 'Every filter is read or refused, none slowly', seen }]);
