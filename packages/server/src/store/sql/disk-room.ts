import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';

/** Kept free for the WAL and its checkpoint, so that what was accepted can be finished. */
const KEPT_FREE_BYTES = 64 * 1_048_576;
/** Given up when the disk is full all the same: cancels, releases and results need little. */
const RESERVE_BYTES = 16 * 1_048_576;
/** Of a small disk no more than these parts are kept. */
const KEPT_FREE_PART = 8;
const RESERVE_PART = 16;

export interface Room {
  readonly freeBytes: number;
  readonly keptFreeBytes: number;
  readonly reserveBytes: number;
}

export const reserveFile = (folder: string): string => path.join(folder, 'interdict.reserve');

/** What is free on the disk of a folder, and what is to be kept of it. */
export function roomOf(folder: string): Room {
  const { bavail, blocks, bsize } = statfsSync(folder);
  const totalBytes = blocks * bsize;
  return {
    freeBytes: bavail * bsize,
    keptFreeBytes: Math.min(KEPT_FREE_BYTES, totalBytes / KEPT_FREE_PART),
    reserveBytes: Math.floor(Math.min(RESERVE_BYTES, totalBytes / RESERVE_PART)),
  };
}

const reserved = (folder: string): number => statSync(reserveFile(folder), { throwIfNoEntry: false })?.size ?? 0;

/** Too little room for anything new. A quota shows in this alone, that no reserve can be had. */
export function isShortOfRoom(folder: string): boolean {
  const { freeBytes, keptFreeBytes, reserveBytes } = roomOf(folder);
  return freeBytes < keptFreeBytes || reserved(folder) < reserveBytes;
}

const CHUNK = Buffer.alloc(1_048_576);

function writeReserve(file: string, bytes: number): void {
  const descriptor = openSync(file, 'w', 0o600);
  try {
    for (let left = bytes; left > 0; left -= CHUNK.length)
      writeSync(descriptor, CHUNK, 0, Math.min(left, CHUNK.length));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Sets the reserve aside where it is missing and there is room for it. Blocks that are written are really taken. */
export function keepReserve(folder: string): void {
  const { freeBytes, keptFreeBytes, reserveBytes } = roomOf(folder);
  if (reserved(folder) >= reserveBytes || freeBytes < keptFreeBytes + reserveBytes) return;
  try {
    writeReserve(reserveFile(folder), reserveBytes);
  } catch {
    // Less may be had than the disk says is free.
    giveUpReserve(folder);
  }
}

/** A start writes too: on a full disk that is what the reserve is for. */
export function makeRoomToStart(folder: string): void {
  const { freeBytes, reserveBytes } = roomOf(folder);
  if (freeBytes < reserveBytes / 2) giveUpReserve(folder);
}

/** @returns whether there was one: then there is room again for what is under way */
export function giveUpReserve(folder: string): boolean {
  const there = reserved(folder) > 0;
  rmSync(reserveFile(folder), { force: true });
  return there;
}
