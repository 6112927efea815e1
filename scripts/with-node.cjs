'use strict';
// Runs a script under Node 24 from a bare clone: installs what the lockfile names, only when
// something is missing, then picks a Node. CommonJS without dependencies, so that an old Node can read it.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { pickNode, run } = require('../packages/cli/bin/pick-node.cjs');
const { runCampaign } = require('./run-campaign.cjs');
const { ENVIRONMENT, FLAGS } = require('./run-time.cjs');

const ROOT = path.resolve(__dirname, '..');

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
  console.error(`The packages could not be installed: ${done.error ? done.error.message : "see npm's words above"}.`);
  process.exit(1);
}

function main(args) {
  const runTimeOnly = args[0] === '--run-time-packages';
  const isCampaign = args[0] === '--campaign';
  const rest = runTimeOnly || isCampaign ? args.slice(1) : args;
  if (!isInstalled(runTimeOnly)) install(runTimeOnly);
  // What is compiled once is not stripped of its types again: the next start is quicker, and 30 MB smaller.
  if (runTimeOnly) process.env.NODE_COMPILE_CACHE ??= path.join(ROOT, 'node_modules', '.cache', 'node');
  if (runTimeOnly) process.env = { ...ENVIRONMENT, ...process.env };
  const start = isCampaign ? runCampaign : run;
  start(pickNode(), runTimeOnly ? [...FLAGS, ...rest] : rest, [path.join(ROOT, 'node_modules', '.bin')]);
}

main(process.argv.slice(2));
