export * from './all-kinds.ts';
export * from './connector.ts';
export * from './connector-kind.ts';
export { rulesetText } from './nftables/ruleset-text.ts';
export { Secret } from './secret.ts';
