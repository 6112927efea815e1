#!/usr/bin/env node
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { pickNode, run } = require('./pick-node.cjs');

/** In a checkout the sources run as they are; a published package has been built. */
const source = path.join(__dirname, '..', 'src', 'main.ts');
const program = fs.existsSync(source)
  ? ['--conditions=source', source]
  : [path.join(__dirname, '..', 'dist', 'main.js')];

run(pickNode(), [...program, ...process.argv.slice(2)]);
