export * from './dispatch-state.ts';
export * from './enforcement.ts';
export * from './error-code.ts';
export * from './permission.ts';
export * from './provider.ts';
export * from './security-action.ts';
export * from './vocabulary.ts';
