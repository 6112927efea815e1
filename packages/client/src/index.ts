export { ApiError } from './api-error.ts';
export { type Client, type CreateOptions, createClient, type SecurityActionInput } from './create-client.ts';
export type { ClientOptions } from './transport.ts';
export { createTransport, type Transport } from './transport.ts';
