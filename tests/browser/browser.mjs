// SPDX-License-Identifier: Apache-2.0
// Chromium, and ways to look at a page. Knows nothing of any page.

import { chromium } from 'playwright-core';

import { TIMEOUT } from './exporter.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// On what a page is read: the size of the window in CSS pixels.
export const VIEWS = {
  desk: { width: 1280, height: 800, deviceScaleFactor: 1, mobile: false },
  phone: { width: 390, height: 844, deviceScaleFactor: 3, mobile: true },
  'small phone': { width: 320, height: 568, deviceScaleFactor: 2, mobile: true },
  'zoom of 200 %': { width: 640, height: 400, deviceScaleFactor: 2, mobile: false },
  'sheet of A4': { width: 718, height: 1047, deviceScaleFactor: 1, mobile: false },
};

// A browser with an empty profile of its own, which goes with it.
export function launch() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium', args: FLAGS, timeout: TIMEOUT,
  });
}

// A page; its devtools speak Chromium's own protocol.
export async function newPage(browser, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();

  page.setDefaultTimeout(TIMEOUT / 2);
  page.devtools = await context.newCDPSession(page);
  return page;
}

export async function resize(page, view) {
  await page.devtools.send('Emulation.setDeviceMetricsOverride', view);
}

// Keeps what the browser asks for and complains about; forget() begins anew.
export async function watch(page) {
  const watched = {
    requests: [],
    complaints: [],
    forget() {
      watched.requests = [];
      watched.complaints = [];
    },
  };

  page.on('request', (request) => watched.requests.push(request.url()));
  page.on('pageerror', (error) => watched.complaints.push(`error: ${error}`));
  page.on('dialog', (dialog) => {
    watched.complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on('console', (message) =>
    watched.complaints.push(`${message.type()}: ${message.text()}`));
  await page.exposeFunction('complain', (text) => { watched.complaints.push(text); });
  await page.addInitScript(() => document.addEventListener('securitypolicyviolation',
    (event) => window.complain(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
  return watched;
}
