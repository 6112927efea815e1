export { aCall, inHours, SAMPLE_TARGETS, TENANT_A, TENANT_B } from './testing/call-builder.ts';
export * from './testing/connector-under-test.ts';
export { connectorChecks, describeConnector } from './testing/describe-connector.ts';
export { HOSTILE_ANSWERS, type HostileAnswer } from './testing/hostile-answers.ts';
