// SPDX-License-Identifier: Apache-2.0
// The status page in a real browser: node test_page.mjs PROGRAM

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { VIEWS, launch, newPage, resize, watch } from './browser.mjs';
import { makeScenes, readStatus, serve } from './exporter.mjs';
import { tap } from './tap.mjs';

const PROGRAM = path.resolve(process.argv[2]);
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const SCENES = [
  'clean', 'proprietary', 'oops', 'module-files', 'no-module-support', 'unknown-bits',
  'mask-missing', 'contradicted', 'hidden', 'hostile-names', 'markup',
];

// One of each colour. The others have the same elements and colours: one view is enough.
const IN_ALL_VIEWS = ['clean', 'proprietary', 'mask-missing'];

const tests = [];
const test = (name, run) => tests.push([name, run]);

const sceneOf = makeScenes();
const browser = await launch();
const page = await newPage(browser);
const withoutScript = await newPage(browser, { javaScriptEnabled: false });
const watched = await watch(page);

// What is shown: the program on one scene at a time.
let exporter;

async function hide() {
  const { stop } = exporter ?? {};
  exporter = undefined;
  await stop?.();
}

async function show(scene, ...flags) {
  await hide();
  exporter = await serve(PROGRAM, sceneOf(scene), ...flags);
  await page.goto('about:blank');
  watched.forget();
  await resize(page, VIEWS.desk);
  const response = await page.goto(exporter.url);
  assert.equal(response.status(), 200);
}

async function get(url, accept = '*/*') {
  const response = await fetch(url, { headers: { accept } });
  assert.equal(response.status, 200, url);
  return response.text();
}

const words = (text) => text.split(/\s+/).filter(Boolean);

// As people see it: neither C0, C1 nor bidirectional controls.
const printable = (text) => text
  .replace(/[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');

// The rows of the table of bits.
const readBits = () => page.$$eval('tbody tr', (rows) => rows.map((row) => {
  const [bit, flag, taint, state, meaning, modules] =
    [...row.cells].map((cell) => cell.textContent);
  return { bit: Number(bit), flag, taint, state, meaning, modules };
}));

// ---- what it says ----

// What status says, and nothing else, but for the table.
async function saysWhatStatusSays(scene) {
  const status = readStatus(PROGRAM, sceneOf(scene));
  const said = await page.evaluate(() => {
    const main = document.querySelector('main').cloneNode(true);
    main.querySelector('table').closest('section').remove();
    return main.textContent;
  });
  const word = await page.textContent('.verdict strong');

  assert.deepEqual(words(said), words(status));
  assert.equal(await page.textContent('.verdict'), status.split('\n')[0]);
  assert.match(await page.title(), new RegExp(`^${word} \u2013 `));
}

async function hasEveryBit() {
  const { url } = exporter;
  const bits = await readBits();
  const json = JSON.parse(await get(`${url}/api/v1/status`));
  const metrics = [...(await get(`${url}/metrics`))
    .matchAll(/^kernel_taint_flag\{bit="(\d+)",flag="(.)",taint="(\w+)"\} ([01])$/gm)];
  const known = bits.map(({ bit, flag, taint, state }) => [bit, flag, taint, state]);
  const carriers = (flag) => (json.modules ?? [])
    .filter((module) => module.flags.includes(flag)).map((module) => module.module).join(', ');

  assert.ok(bits.length >= 18);
  for (const bit of bits)
    assert.equal(printable(bit.modules), printable(carriers(bit.flag)), bit.taint);
  if (json.mask === null) {
    assert.equal(metrics.length, 0);
    assert.ok(bits.every((bit) => bit.state === 'unknown'));
    return;
  }
  assert.deepEqual(known, metrics.map(([, bit, flag, taint, value]) =>
    [Number(bit), flag, taint, value === '1' ? 'set' : 'not set']));
  assert.deepEqual(
    bits.filter((bit) => bit.state === 'set').map(({ bit, flag, taint, meaning }) =>
      ({ bit, flag, taint, meaning: flag === '?' ? 'unknown' : meaning })),
    json.taints.map(({ cause: _, ...taint }) => taint));
}

async function isJsonForWhoAsks() {
  const { url } = exporter;
  assert.equal(await get(`${url}/`, 'application/json'), await get(`${url}/api/v1/status`));
}

// ---- how it is read ----

async function axeFindsNothing(scene) {
  await page.evaluate(AXE);
  const views = [['desk', 'light'], ['phone', 'dark'], ['desk', 'dark'], ['phone', 'light']];
  const one = SCENES.indexOf(scene) % views.length;

  for (const [view, colorScheme] of IN_ALL_VIEWS.includes(scene) ? views : [views[one]]) {
    await page.emulateMedia({ colorScheme });
    await resize(page, VIEWS[view]);
    const found = await page.evaluate(async () => {
      const rules = axe.getRules().map((rule) => rule.ruleId)
        .filter((rule) => rule !== 'color-contrast-enhanced'); // is for level AAA
      const { violations, incomplete } = await axe.run(document,
        { runOnly: rules, resultTypes: ['violations', 'incomplete'] });
      // What is scrolled out of sight has no background that could be compared.
      const open = incomplete.filter((rule) => rule.id !== 'color-contrast');
      return [...violations, ...open].map((rule) =>
        `${rule.id}: ${rule.help}: ${rule.nodes[0].html} ${rule.nodes[0].failureSummary}`);
    });
    assert.deepEqual(found, [], `${view}, ${colorScheme}`);
  }
}

// Nothing but the table may be wider than the window, and only what scrolls there is cut.
async function isWhollySeen(where, width) {
  const { main, text, wide, outside } = await page.evaluate(() => {
    const root = document.documentElement;
    const region = document.querySelector('[role=region]');
    return {
      main: document.querySelector('main').innerText,
      text: document.querySelector('main').textContent,
      wide: [root.scrollWidth, root.clientWidth, window.innerWidth],
      outside: [...document.body.querySelectorAll('*')]
        .filter((element) => element.parentElement !== region && !element.closest('table'))
        .filter((element) => element.getBoundingClientRect().right > root.clientWidth ||
          (element !== region && element.scrollWidth > element.clientWidth + 1 &&
            element.clientWidth > 0))
        .map((element) => element.outerHTML.slice(0, 80)),
    };
  });

  assert.equal(words(main).join(''), words(text).join(''), `${where}: the same text`);
  assert.equal(wide[0], wide[1], `${where}: no scrolling sideways`);
  assert.deepEqual(wide.slice(1), [width, width], `${where}: not zoomed out`);
  assert.deepEqual(outside, [], where);
}

async function fitsEveryWindow() {
  for (const [name, view] of Object.entries(VIEWS)) {
    await resize(page, view);
    await isWhollySeen(name, view.width);
  }
  await resize(page, VIEWS.desk);
  await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
  await isWhollySeen('letters of twice the size', VIEWS.desk.width);
  await page.evaluate(() => { document.documentElement.removeAttribute('style'); });
}

async function isPrinted() {
  await resize(page, VIEWS['sheet of A4']);
  await page.emulateMedia({ media: 'print' });
  await isWhollySeen('paper', VIEWS['sheet of A4'].width);
  const [inner, outer] = await page.$eval('[role=region]',
    (region) => [region.scrollWidth, region.clientWidth]);
  assert.ok(inner <= outer, `the table is ${inner} wide, the paper ${outer}`);
  await page.emulateMedia({ media: 'screen' });
}

// What Chromium tells a screen reader.
async function hasLandmarks() {
  const { nodes } = await page.devtools.send('Accessibility.getFullAXTree');
  const names = (role) => nodes.filter((node) => !node.ignored && node.role.value === role)
    .map((node) => node.name?.value ?? '');
  const levels = nodes.filter((node) => !node.ignored && node.role.value === 'heading')
    .map((node) => node.properties.find((property) => property.name === 'level').value.value);
  const bits = await readBits();

  assert.deepEqual(names('RootWebArea'), [await page.title()]);
  for (const landmark of ['banner', 'main', 'contentinfo'])
    assert.equal(names(landmark).length, 1, landmark);
  assert.deepEqual(names('navigation'), ['Other views']);
  assert.deepEqual(names('link'), ['Metrics', 'JSON', 'Health', 'Readiness']);
  assert.deepEqual(names('region'), ['every bit']);
  assert.equal(levels[0], 1);
  assert.ok(levels.slice(1).every((level) => level === 2), levels.join());
  assert.deepEqual(names('table'), [await page.textContent('caption')]);
  assert.deepEqual(names('columnheader'),
    ['bit', 'flag', 'taint', 'state', 'meaning', 'carried by']);
  assert.deepEqual(names('rowheader'), bits.map((bit) => bit.taint));
}

async function isTheSameWithoutScript() {
  await withoutScript.goto(exporter.url);
  assert.equal(await withoutScript.innerText('body'), await page.innerText('body'));
}

async function hasNoComplaint() {
  // Whatever was complained about is here before the answer to this.
  await page.evaluate(() => new Promise((resolve) => { setTimeout(resolve); }));
  assert.deepEqual(watched.complaints, []);
  assert.deepEqual(watched.requests, [`${exporter.url}/`]);
}

for (const scene of SCENES) {
  const add = (name, check) => test(`${scene}: ${name}`, () => check(scene));

  add('the page is there', show);
  add('it says what status says', saysWhatStatusSays);
  add('every bit is that of the JSON and of the metrics', hasEveryBit);
  add('who asks for JSON gets that of /api/v1/status', isJsonForWhoAsks);
  add('a screen reader finds landmarks, headings and headers', hasLandmarks);
  add('the text is the same without JavaScript', isTheSameWithoutScript);
  add('it fits into every window', fitsEveryWindow);
  add('it fits onto paper', isPrinted);
  add('axe finds nothing', axeFindsNothing);
  add('the browser complains about nothing, and asks for nothing else', hasNoComplaint);
}

// ---- words from outside ----

test('a module called <script> is text', async () => {
  await show('markup');
  const headings = await page.$$eval('h2', (all) => all.map((heading) => heading.textContent));
  const elements = await page.$$eval('*', (all) => all.map((element) => element.localName));
  const attributes = await page.$$eval('*', (all) => all.flatMap((element) =>
    element.getAttributeNames()));

  assert.ok(headings.includes('module <script>alert(1)</script> (OE)'), headings.join('\n'));
  assert.ok(headings.includes('module </title></style><!-- (OE)'), headings.join('\n'));
  for (const name of ['script', 'img', 'svg', 'b', 'i', 'u'])
    assert.ok(!elements.includes(name), `an element ${name}`);
  assert.deepEqual([...new Set(attributes)].sort(), ['aria-label', 'aria-labelledby', 'charset',
    'class', 'content', 'href', 'id', 'lang', 'name', 'role', 'scope', 'tabindex']);
});

test('no name turns the text behind it around', async () => {
  await show('hostile-names');
  // Letters that stand left of the one before them, in the same line.
  const backwards = await page.evaluate(() => {
    const walker = document.createTreeWalker(document.querySelector('main'), 4);
    const found = [];
    while (walker.nextNode()) {
      const node = walker.currentNode;
      let before;
      for (let i = 0; i < node.length; i++) {
        const range = document.createRange();
        range.setStart(node, i);
        range.setEnd(node, i + 1);
        const place = range.getBoundingClientRect();
        if (before && place.width && place.top === before.top && place.left < before.left)
          found.push(node.data[i]);
        if (place.width) before = place;
      }
    }
    return found.join('');
  });
  // Inside its own name it may.
  assert.match(backwards, /^(m?ark)*$/);
});

test('an odd path of the metrics is a link that works', async () => {
  await show('clean', '--web.telemetry-path=/a"><b>&\'x');
  assert.equal(await page.locator('b').count(), 0);
  await hasNoComplaint();
  const [response] = await Promise.all([page.waitForNavigation(), page.click('nav a')]);
  assert.equal(response.status(), 200);
  assert.match(await response.text(), /^kernel_taint_mask 0$/m);
});

// ---- keyboard ----

test('Tab goes from link to link and to the table, and shows where it is', async () => {
  await show('module-files');
  const seen = [];

  await page.bringToFront();
  for (let i = 0; i < 5; i++) {
    await page.keyboard.press('Tab');
    seen.push(await page.evaluate(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      return [element.getAttribute('aria-labelledby') ?? element.textContent,
        element.matches(':focus-visible') && style.outlineStyle !== 'none' &&
          parseFloat(style.outlineWidth) > 0];
    }));
  }
  assert.deepEqual(seen, [['Metrics', true], ['JSON', true], ['Health', true],
    ['Readiness', true], ['bits', true]]);
});

test('the arrows scroll the table on a phone', async () => {
  await show('module-files');
  await resize(page, VIEWS.phone);
  await page.focus('[role=region]');
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => document.querySelector('[role=region]').scrollLeft > 0);
});

test('every link leads somewhere', async () => {
  await show('clean');
  for (const href of await page.$$eval('a', (links) => links.map((link) => link.href)))
    await get(href);
});

let failed = 1;
try {
  failed = await tap(tests);
  await hide();
} finally {
  await browser.close();
}
process.exit(failed ? 1 : 0);
