'use strict';
// CommonJS without dependencies, so that an old Node can read it.
const os = require('node:os');

const { start } = require('../packages/cli/bin/pick-node.cjs');

/** A campaign that is busy hears no signal: all of it has ended two seconds after one. */
const GRACE_MS = 1_000;

/** Runs a program that begins others. A signal ends it and all that are left of them, whatever they are at. */
function runCampaign(node, args, morePath) {
  // A process group of its own: what the program began is found there when the program is gone.
  const child = start(node, args, morePath, { detached: true });
  let endedBy;
  const killAll = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (endedBy !== undefined || child.pid === undefined) return;
      endedBy = signal;
      child.kill(signal);
      setTimeout(killAll, GRACE_MS);
    });
  }
  child.on('exit', (code, signal) => {
    if (endedBy !== undefined) killAll();
    process.exit(code !== null && endedBy === undefined ? code : 128 + os.constants.signals[endedBy ?? signal]);
  });
}

module.exports = { runCampaign };
