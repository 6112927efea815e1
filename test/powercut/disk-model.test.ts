import { describe, expect, it } from 'vitest';
import { createDisk, follow, imageAfterCut } from './disk-model.ts';
import { acknowledgedIn, readSideLog, type SideRecord } from './side-log.ts';

const write = (offset: number, fill: number, length = 512): SideRecord => ({
  kind: 'W',
  file: 1,
  offset,
  bytes: Buffer.alloc(length, fill),
});
const sync: SideRecord = { kind: 'S', file: 1, offset: 0, bytes: Buffer.alloc(0) };
const truncate = (length: number): SideRecord => ({ kind: 'T', file: 1, offset: length, bytes: Buffer.alloc(0) });

const diskAfter = (...records: readonly SideRecord[]): ReturnType<typeof createDisk> => {
  const disk = createDisk();
  for (const record of records) follow(disk, record);
  return disk;
};
const none = (): number => 1;
const bytesOf = (
  disk: ReturnType<typeof createDisk>,
  tear: Parameters<typeof imageAfterCut>[1],
  random = none,
): Buffer => imageAfterCut(disk, tear, random).get(1) ?? Buffer.alloc(0);

describe('the model of a disk', () => {
  it('keeps what was synced, and nothing that was not', () => {
    const disk = diskAfter(write(0, 1), sync, write(0, 2), write(512, 3));
    expect(bytesOf(disk, 'nothing')).toEqual(Buffer.alloc(512, 1));
    expect(bytesOf(disk, 'everything')).toEqual(Buffer.concat([Buffer.alloc(512, 2), Buffer.alloc(512, 3)]));
  });

  it('tears a write between sectors, wherever it begins, and keeps the later ones', () => {
    const disk = diskAfter(write(0, 1, 1_536), sync, write(256, 2, 1_024));
    const takes = [0, 1, 0].values();
    const torn = bytesOf(disk, 'someSectors', () => takes.next().value ?? 1);
    expect([torn[255], torn[256], torn[512], torn[1_024], torn[1_279], torn[1_280]]).toEqual([1, 2, 1, 2, 2, 1]);
  });

  it('does not sync one file with another', () => {
    const disk = diskAfter(write(0, 1), { ...sync, file: 2 });
    expect(bytesOf(disk, 'nothing')).toHaveLength(0);
  });

  it('brings back a file that was deleted, until its folder is synced', () => {
    const gone: SideRecord = { ...sync, kind: 'U' };
    const deleted = [write(0, 1), sync, gone, { ...sync, file: 2 }];
    expect(bytesOf(diskAfter(...deleted), 'nothing')).toHaveLength(512);
    expect(bytesOf(diskAfter(...deleted), 'everything')).toHaveLength(0);
    expect(bytesOf(diskAfter(...deleted, { ...sync, file: 4 }), 'nothing')).toHaveLength(0);
  });

  it('loses a truncation that was not synced, and reads zeros behind one that was', () => {
    expect(bytesOf(diskAfter(write(0, 1), sync, truncate(0)), 'nothing')).toHaveLength(512);
    expect(bytesOf(diskAfter(write(0, 1), truncate(100), write(512, 2), sync), 'nothing')[100]).toBe(0);
  });
});

describe('the side log', () => {
  const record = (kind: string, file: number, bytes: string): Buffer => {
    const head = Buffer.alloc(16);
    head.write(kind, 0, 'latin1');
    head.writeUInt8(file, 1);
    head.writeUInt32LE(bytes.length, 4);
    head.writeBigUInt64LE(7n, 8);
    return Buffer.concat([head, Buffer.from(bytes)]);
  };

  it('is read record by record, without one that was cut off', () => {
    const answer = 'HTTP/1.1 201 Created\r\nLocation: http://h/beta/security/securityActions/01-a\r\n\r\n';
    const log = Buffer.concat([record('W', 2, 'abc'), record('A', 0, answer), record('W', 1, 'cut').subarray(0, 18)]);
    const records = [...readSideLog(log)];
    expect(records.map(({ kind, file, offset }) => [kind, file, offset])).toEqual([
      ['W', 2, 7],
      ['A', 0, 7],
    ]);
    expect(records.map(acknowledgedIn)).toEqual([undefined, '01-a']);
  });
});
