export * from './all-kinds.ts';
export * from './connector.ts';
export * from './connector-kind.ts';
export { Secret } from './secret.ts';
