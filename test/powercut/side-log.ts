/** One record of the shim's side log. @see shim.c */
export interface SideRecord {
  /** `W`rite, `T`runcate, `S`ync, `U`nlink, `C`: opened; `A`nswer 201, logged before it is sent. */
  readonly kind: 'W' | 'T' | 'S' | 'U' | 'C' | 'A';
  /** 1 the database, 2 its write-ahead log, 3 its rollback journal; 0 where it is none. */
  readonly file: number;
  /** Where it writes, or how long the file is from now on. */
  readonly offset: number;
  readonly bytes: Buffer;
}

const HEAD_BYTES = 16;

/** All whole records: a kill may have cut the last one off. */
export function* readSideLog(log: Buffer): Generator<SideRecord> {
  for (let at = 0; at + HEAD_BYTES <= log.length; ) {
    const length = log.readUInt32LE(at + 4);
    const end = at + HEAD_BYTES + length;
    if (end > log.length) return;
    const kind = String.fromCharCode(log.readUInt8(at)) as SideRecord['kind'];
    const offset = Number(log.readBigUInt64LE(at + 8));
    yield { kind, file: log.readUInt8(at + 1), offset, bytes: log.subarray(at + HEAD_BYTES, end) };
    at = end;
  }
}

const LOCATION = /^location: .*\/securityActions\/([\w-]+)\r?$/im;

/** Id of the action that an answer names. */
export const acknowledgedIn = ({ kind, bytes }: SideRecord): string | undefined =>
  kind === 'A' ? LOCATION.exec(bytes.toString('latin1'))?.[1] : undefined;
