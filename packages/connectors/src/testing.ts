export { aCall, inHours, SAMPLE_TARGETS, TENANT_A, TENANT_B } from './testing/call-builder.ts';
export * from './testing/connector-under-test.ts';
export { connectorChecks, describeConnector } from './testing/describe-connector.ts';
export { Gate, type GateOptions, type Says } from './testing/gate.ts';
export { HOSTILE_ANSWERS, type HostileAnswer } from './testing/hostile-answers.ts';
export { freePort, type HowToRun, type RunningProduct, runProduct } from './testing/run-product.ts';
export type { SeenProduct } from './testing/seen-product.ts';
