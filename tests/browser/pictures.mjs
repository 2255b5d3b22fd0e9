// SPDX-License-Identifier: Apache-2.0
// Takes the README's pictures into dashboards/pictures: node pictures.mjs PROGRAM

import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { launch, newPage } from './browser.mjs';
import { TESTS_FOLDER, makeScenes, serve, start } from './exporter.mjs';

const WIDTH = 1000;
const DASHBOARDS = path.join(path.dirname(TESTS_FOLDER), 'dashboards');
const PICTURES = path.join(DASHBOARDS, 'pictures');
const DEMO_TIMEOUT = 300_000; // milliseconds until that alert fires

const program = path.resolve(process.argv[2]);

async function take(page, name, height) {
  await page.screenshot({
    path: path.join(PICTURES, name), fullPage: true,
    clip: { x: 0, y: 0, width: WIDTH, height },
  });
}

async function takeStatus(page) {
  const { url, stop } = await serve(program, makeScenes()('picture'));
  await page.goto(url);
  await take(page, 'status.png', 1190);
  await stop();
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// The fleet's page, as soon as a host has crashed and the alert of it fires.
async function takeFleet(page) {
  const { found, stop } = await start('stdout', /^ *fleet +(http\S+)/, '/usr/bin/python3',
    path.join(DASHBOARDS, 'demo/demo.py'), program, '--every=5',
    `--prometheus-port=${await freePort()}`, `--alertmanager-port=${await freePort()}`);
  const deadline = Date.now() + DEMO_TIMEOUT;

  do {
    if (Date.now() > deadline) throw new Error('no alert on the page of the fleet');
    await page.waitForTimeout(1000);
    await page.goto(found[1]);
  } while (!await page.locator('th', { hasText: 'KernelTaintNewCrash' }).count());
  await take(page, 'fleet.png', 900);
  await stop();
}

const browser = await launch();
const page = await newPage(browser, { viewport: { width: WIDTH, height: 800 } });

fs.mkdirSync(PICTURES, { recursive: true });
await takeStatus(page);
await takeFleet(page);
await browser.close();
process.exit(0);
