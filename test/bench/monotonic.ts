/** Milliseconds of the machine's one monotonic clock: the same in every process and namespace. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1_000_000;
