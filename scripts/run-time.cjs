'use strict';
// How the server's process is set up, whoever starts it: `npm start`, the tests, the bench. docs/operate.md has the same.

/** With 4 MB of new space the collector takes 30 µs of CPU a request more; with 32 MB it gains nothing. */
const FLAGS = ['--max-semi-space-size=16'];

/**
 * Of glibc: a group of requests travels to the store's thread in one buffer of some 100 KB. Taken from the system and given
 * back for each group, its pages cost more than its contents. Two arenas instead of eight a core keep the process small.
 */
const ENVIRONMENT = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '33554432',
  MALLOC_TRIM_THRESHOLD_: '67108864',
};

module.exports = { FLAGS, ENVIRONMENT };
