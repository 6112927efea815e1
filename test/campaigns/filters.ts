import { readFilters } from '../read-filters.ts';

const count = Number(process.env.INTERDICT_FILTERS ?? 20_000_000);
const seed = Number(process.env.INTERDICT_SEED ?? Date.now() % 2 ** 31);

console.log(`${count} filters of seed ${seed}.`);
const began = performance.now();
const accepted = readFilters(count, seed);
const seconds = (performance.now() - began) / 1_000;
console.log(`${accepted} read, the others refused, ${Math.round(count / seconds)} a second.`);
