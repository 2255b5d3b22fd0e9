// SPDX-License-Identifier: Apache-2.0
// Pictures of the status page to look at: node look.mjs PROGRAM FOLDER

import fs from 'node:fs';
import path from 'node:path';

import { VIEWS, launch, newPage } from './browser.mjs';
import { makeScenes, serve } from './exporter.mjs';

const [program, folder] = process.argv.slice(2).map((name) => path.resolve(name));
const SCENES = ['clean', 'module-files', 'oops', 'contradicted', 'no-module-support',
  'mask-missing', 'hostile-names', 'markup'];

const sceneOf = makeScenes();
const browser = await launch();
const page = await newPage(browser);

fs.mkdirSync(folder, { recursive: true });
for (const scene of SCENES) {
  const { url, stop } = await serve(program, sceneOf(scene));
  await page.goto(url);
  for (const view of ['desk', 'phone']) {
    const { width, height } = VIEWS[view];
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({
        path: path.join(folder, `${scene}-${view}-${colorScheme}.png`), fullPage: true,
      });
    }
  }
  await stop();
}
await browser.close();
