import type { SideRecord } from './side-log.ts';

/** What a disk writes whole, or not at all. */
const SECTOR = 512;

/** A file of which only what was synced is sure. */
interface DiskFile {
  bytes: Buffer;
  length: number;
  pending: SideRecord[];
}

/** What a disk holds, and what the system has only promised it. */
export interface Disk {
  readonly files: ReadonlyMap<number, DiskFile>;
  /** Names that were taken away since the folder was synced: no sync of another file makes that sure everywhere. */
  unlinked: SideRecord[];
}

/** The folder, as a file of the side log. */
const FOLDER = 4;

export const createDisk = (): Disk => ({
  files: new Map([1, 2, 3].map((file) => [file, { bytes: Buffer.alloc(0), length: 0, pending: [] }])),
  unlinked: [],
});

function grow(file: DiskFile, length: number): void {
  if (length <= file.bytes.length) return;
  const grown = Buffer.alloc(Math.max(length, file.bytes.length * 2));
  file.bytes.copy(grown, 0, 0, file.length);
  file.bytes = grown;
}

function truncate(file: DiskFile, length: number): void {
  grow(file, length);
  // What is behind the end reads as zeros once the file is longer again.
  if (length < file.length) file.bytes.fill(0, length, file.length);
  file.length = length;
}

function put(file: DiskFile, offset: number, bytes: Buffer): void {
  grow(file, offset + bytes.length);
  bytes.copy(file.bytes, offset);
  file.length = Math.max(file.length, offset + bytes.length);
}

/** @param takes whether the sector is written at all */
function carryOut(file: DiskFile, { kind, offset, bytes }: SideRecord, takes: () => boolean): void {
  if (kind === 'T') {
    if (takes()) truncate(file, offset);
  } else {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + SECTOR - ((offset + at) % SECTOR));
      if (takes()) put(file, offset + at, bytes.subarray(at, end));
      at = end;
    }
  }
}

function syncFolder(disk: Disk): void {
  for (const { file } of disk.unlinked) {
    const gone = disk.files.get(file);
    if (gone) truncate(gone, 0);
  }
  disk.unlinked = [];
}

/** Follows one record: a write waits until its file is synced, the end of a name until the folder is. */
export function follow(disk: Disk, record: SideRecord): void {
  if (record.kind === 'S' && record.file === FOLDER) syncFolder(disk);
  if (record.kind === 'U') disk.unlinked.push(record);
  const file = disk.files.get(record.file);
  if (!file) return;
  if (record.kind === 'W' || record.kind === 'T') file.pending.push(record);
  if (record.kind !== 'S') return;
  for (const waiting of file.pending) carryOut(file, waiting, () => true);
  file.pending = [];
}

/** How much of what was not synced is there after the cut. */
export type Tear = 'nothing' | 'everything' | 'someSectors';

/** The files as the next start finds them; undefined for one that is not there. */
export function imageAfterCut(disk: Disk, tear: Tear, random: () => number): ReadonlyMap<number, Buffer | undefined> {
  const takes = (): boolean => tear === 'everything' || (tear === 'someSectors' && random() < 0.5);
  const image = new Map<number, Buffer | undefined>();
  for (const [number, { bytes, length, pending }] of disk.files) {
    const file: DiskFile = { bytes: Buffer.from(bytes.subarray(0, length)), length, pending: [] };
    for (const waiting of pending) carryOut(file, waiting, takes);
    if (disk.unlinked.some((gone) => gone.file === number) && takes()) truncate(file, 0);
    image.set(number, file.length === 0 && number !== 1 ? undefined : file.bytes.subarray(0, file.length));
  }
  return image;
}
