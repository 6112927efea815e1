import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { isFull } from './sqlite-faults.ts';
import { databaseFile } from './sqlite-open.ts';

/** Kept free for the WAL and its checkpoint, so that what was accepted can be finished. */
const KEPT_FREE_BYTES = 64 * 1_048_576;
/** Given up when the disk is full all the same: cancels, releases and results need little. */
const RESERVE_BYTES = 32 * 1_048_576;
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
function keepReserve(folder: string): void {
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

function giveUpReserve(folder: string): boolean {
  const there = reserved(folder) > 0;
  rmSync(reserveFile(folder), { force: true });
  return there;
}

const PAGE_BYTES = 4_096;
/** Pages in the WAL from which on a commit moves them into the file. */
const WAL_PAGES = { usual: 4_000, short: 200 } as const;

/** Whatever is in the WAL, half of the reserve lets the file grow by it; the other half is for what comes then. */
function usualWalPages(folder: string): number {
  const ofReserve = Math.floor(roomOf(folder).reserveBytes / 2 / PAGE_BYTES);
  // Not every file system tells how large it is.
  return Math.max(WAL_PAGES.short, Math.min(WAL_PAGES.usual, ofReserve));
}

/**
 * Whether the file may grow to hold what is in the WAL. Where it may not, a try would take the last of the room, move
 * nothing, and leave none to the WAL: every cancel would be refused, and every start fail.
 */
function canMoveWal(db: DatabaseSync, folder: string): boolean {
  const { page_count: pages } = db.prepare('pragma page_count').get() as { page_count: number };
  const growth = pages * PAGE_BYTES - statSync(databaseFile(folder)).size;
  return growth <= 0 || growth + WAL_PAGES.short * PAGE_BYTES <= roomOf(folder).freeBytes;
}

/** What of the WAL is in the file is overwritten from then on: that needs no more of the disk. */
function moveWal(db: DatabaseSync, folder: string): boolean {
  if (!canMoveWal(db, folder)) return false;
  const { log, checkpointed } = db.prepare('pragma wal_checkpoint(passive)').get() as Record<string, number>;
  return log !== undefined && log > 0 && log === checkpointed;
}

function walPagesFor(db: DatabaseSync, folder: string, isShort: boolean): number {
  if (!isShort) return usualWalPages(folder);
  return canMoveWal(db, folder) ? WAL_PAGES.short : 0;
}

/**
 * Sets the reserve aside again where it can be had. Where room is short the WAL is moved into the file while that can
 * still grow, and kept small: it would take what is left otherwise.
 *
 * @returns whether room was short: then this must be called again, or the WAL stays so
 */
export function keepRoom(db: DatabaseSync, folder: string): boolean {
  keepReserve(folder);
  const isShort = isShortOfRoom(folder);
  db.exec(`pragma wal_autocheckpoint = ${walPagesFor(db, folder, isShort)}`);
  try {
    if (isShort) moveWal(db, folder);
  } catch (error) {
    // The file could not grow: the WAL keeps what is not in it.
    if (!isFull(error)) throw error;
  }
  return isShort;
}

/** After a write found none, outside of any transaction. @returns whether there may be room now for what is under way */
export function makeRoom(db: DatabaseSync, folder: string): boolean {
  const hadReserve = giveUpReserve(folder);
  try {
    return moveWal(db, folder) || hadReserve;
  } catch {
    // Of a file that has failed the next write tells: what was committed already must be answered so.
    return hadReserve;
  }
}
