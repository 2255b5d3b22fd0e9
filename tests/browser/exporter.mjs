// SPDX-License-Identifier: Apache-2.0
// The program and the scenes it is shown. Knows nothing of what it says.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const FOLDER = path.dirname(fileURLToPath(import.meta.url));
export const TESTS_FOLDER = path.dirname(FOLDER);
export const TIMEOUT = 60_000; // milliseconds for whatever should take far less

// In a log line: where it listens.
const LISTENING = /"Listening on" address="?([^\s"]+)/;

// What is to be ended and removed whatever happens.
const children = new Set();
const folders = new Set();

process.on('exit', () => {
  // Not SIGKILL: what has children of its own has to end them.
  for (const child of children) child.kill('SIGTERM');
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => process.exit(1));

export function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'taint-browser-'));
  folders.add(folder);
  return folder;
}

// Writes what git does not hold, and returns a function from a scene's name to its folder.
export function makeScenes() {
  const made = temporaryFolder();
  execFileSync('/usr/bin/python3', [path.join(FOLDER, 'make_scenes.py'), made],
    { timeout: TIMEOUT });
  return (name) => [path.join(made, name), path.join(TESTS_FOLDER, 'scenes', name)]
    .find((folder) => fs.existsSync(folder)) ?? assert.fail(`no scene ${name}`);
}

function sceneFlags(scene) {
  return [`--path.procfs=${scene}/proc`, `--path.sysfs=${scene}/sys`,
    `--path.rootfs=${scene}`];
}

// What `PROGRAM status` prints of a scene.
export function readStatus(program, scene) {
  const result = spawnSync(program, ['status', ...sceneFlags(scene)],
    { encoding: 'utf8', timeout: TIMEOUT });
  assert.ok([0, 1, 3].includes(result.status), `status: ${result.status} ${result.stderr}`);
  return result.stdout;
}

// A command that runs until it is stopped, and has printed a line that fits PATTERN.
export async function start(stream, pattern, command, ...args) {
  const stdio = stream === 'stdout' ? ['ignore', 'pipe', 'inherit'] : ['ignore', 'ignore', 'pipe'];
  const child = spawn(command, args, { stdio });
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  const lines = [];

  children.add(child);
  const found = await new Promise((resolve) => {
    const timer = setTimeout(resolve, TIMEOUT);
    createInterface({ input: child[stream] }).on('line', (line) => {
      lines.push(line);
      if (pattern.test(line)) resolve(pattern.exec(line));
    });
    ended.then(() => resolve());
    timer.unref();
  });
  assert.ok(found, `${command}: no line ${pattern} in:\n${lines.join('\n')}`);

  return {
    found,
    // Asks it to stop and checks that it ends well.
    async stop() {
      const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT);
      child.kill('SIGTERM');
      const code = await ended;
      clearTimeout(timer);
      children.delete(child);
      assert.equal(code, 0, `${command} ended with ${code}:\n${lines.join('\n')}`);
    },
  };
}

// The program on a scene, serving on a free port of loopback.
export async function serve(program, scene, ...flags) {
  const running = await start('stderr', LISTENING, program,
    '--web.listen-address=127.0.0.1:0', ...sceneFlags(scene), ...flags);
  return { url: `http://${running.found[1]}`, stop: running.stop };
}
