/** One action on a device: what Defender calls it, and what takes it back. */
export interface DeviceAction {
  readonly type: string;
  /** Below the device. */
  readonly path: string;
  readonly body: Readonly<Record<string, string>>;
  readonly permission: string;
  /** What tells it from others of its type. */
  readonly scope?: string;
  /** Absent: nothing takes it back. */
  readonly undo?: { readonly type: string; readonly path: string };
}

const scan = (scope: 'Quick' | 'Full'): DeviceAction => ({
  type: 'RunAntiVirusScan',
  path: 'runAntiVirusScan',
  body: { ScanType: scope },
  permission: 'Machine.Scan',
  scope,
});

const ISOLATE: DeviceAction = {
  type: 'Isolate',
  path: 'isolate',
  body: { IsolationType: 'Full' },
  permission: 'Machine.Isolate',
  undo: { type: 'Unisolate', path: 'unisolate' },
};

const RESTRICT: DeviceAction = {
  type: 'RestrictCodeExecution',
  path: 'restrictCodeExecution',
  body: {},
  permission: 'Machine.RestrictExecution',
  undo: { type: 'UnrestrictCodeExecution', path: 'unrestrictCodeExecution' },
};

const COLLECT: DeviceAction = {
  type: 'CollectInvestigationPackage',
  path: 'collectInvestigationPackage',
  body: {},
  permission: 'Machine.CollectForensics',
};

export const DEVICE_ACTIONS: ReadonlyMap<string, DeviceAction> = new Map([
  ['IsolateHost', ISOLATE],
  ['RestrictCodeExecution', RESTRICT],
  ['RunAntiVirusScan', scan('Quick')],
  ['RunFullAntiVirusScan', scan('Full')],
  ['CollectInvestigationPackage', COLLECT],
]);

/** SHA-1 as a rule; the documentation shows shorter ones too. */
export const isMachineId = (value: string): boolean => /^(?:[0-9a-f]{32}|[0-9a-f]{40})$/.test(value);
