// Opens a report in Chromium and looks at it: `node open.mjs CHECK FILE.html`. Writes a line on standard output for
// each thing that is wrong.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import * as checks from './checks.mjs';

const require = createRequire(join(process.env.BADGATEWAY_NODE_MODULES, 'here.js'));
const { chromium } = require('playwright-core');

const [check, file] = process.argv.slice(2);
const url = pathToFileURL(file).href;
const wrong = [];

const browser = await chromium.launch({
  executablePath: process.env.BADGATEWAY_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
});

/** A page on which whatever it does by itself is wrong. */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  page.on('console', (message) => wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== url) wrong.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

const say = (what, is, should) => {
  if (JSON.stringify(is) !== JSON.stringify(should)) {
    wrong.push(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`);
  }
};

try {
  await checks[check]({ open, say, wrong });
} finally {
  await browser.close();
}
for (const line of wrong) console.log(line);
process.exitCode = wrong.length > 0 ? 1 : 0;
