// What is looked at.

import { clipped, contrast, overflow } from './look.mjs';

/** On a desk and on a phone, by day and by night, nothing runs out of the page and all text can be read. */
export async function layout({ open, wrong }) {
  for (const width of [1400, 390]) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await open({ viewport: { width, height: 900 }, colorScheme });
      await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
      const found = [...(await overflow(page)), ...(await clipped(page)), ...(await contrast(page))];
      wrong.push(...found.map((what) => `${width} ${colorScheme}: ${what}`));
      await page.context().close();
    }
  }
}

/** On paper, as wide as what A4 leaves between margins, in light colours whatever the screen has. */
export async function print({ open, say, wrong }) {
  const page = await open({ viewport: { width: 703, height: 1000 }, colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const found = [...(await overflow(page)), ...(await clipped(page)), ...(await contrast(page))];
  wrong.push(...found);
  say('tools on paper', await page.locator('.bar').isVisible(), false);
  say('colour of paper', await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
  const paper = await page.pdf({ preferCSSPageSize: true });
  say('a PDF', paper.subarray(0, 5).toString(), '%PDF-');
}

/** Without a script everything is there, but for what only a script could do. */
export async function scriptless({ open, say }) {
  const page = await open({ javaScriptEnabled: false });
  say('tools', await page.locator('.tools').isVisible(), false);
  say('buttons', await page.locator('button:visible').count(), 0);
  for (const part of ['.heat tbody tr', '.pools tbody tr', '.incident', '.stack path']) {
    const all = await page.locator(part).count();
    say(`${part} at all`, all > 2, true);
    say(`${part} that are seen`, await page.locator(`${part}:visible`).count(), all);
  }
  say('what a row tells', /most at .*failures/.test(await page.locator('.strip title').first().textContent()), true);
  await page.locator('.heat tbody th a').nth(1).click();
  say('details of the second pool', await page.locator('#pool-2').isVisible(), true);
}

/** With a script it sorts, filters, reads out, copies. The report is of a week in which catalog had an outage. */
export async function use({ open, say }) {
  const page = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
  const column = (at) => page.locator(`.pools tbody tr > :nth-child(${at})`).allTextContents();
  const numbers = async (at) => (await column(at)).map((text) => Number(text.replaceAll(',', '')));
  const head = (name) => page.locator('.pools thead th', { hasText: new RegExp(`^${name}$`) });

  await head('504').getByRole('button').click();
  const at = await head('504').evaluate((cell) => cell.cellIndex + 1);
  const falling = await numbers(at);
  say('504, the most first', falling, [...falling].sort((one, other) => other - one));
  say('how it is sorted', await head('504').getAttribute('aria-sort'), 'descending');
  await head('504').getByRole('button').press('Enter');
  say('504, the least first', await numbers(at), [...falling].sort((one, other) => one - other));
  await head('Pool').getByRole('button').click();
  const names = await column(1);
  say('pools by name', names, [...names].sort());
  say('only one column sorts', await page.locator('.pools [aria-sort]').count(), 1);

  await page.locator('#filter').fill('CATALOG no_live');
  say('pools', await page.locator('.pools tbody th:visible').allTextContents(), ['catalog']);
  say('heat map', await page.locator('.heat tbody th:visible').allTextContents(), ['catalog']);
  const incidents = await page.locator('.incident:visible h3').allTextContents();
  say('incidents', [...new Set(incidents)], ['catalog']);
  say('what is told', /pools 1, incidents/.test(await page.locator('#found').textContent()), true);
  await page.locator('#filter').fill('');
  say('all pools again', await page.locator('.pools tbody th:visible').count(), names.length);

  const strip = page.locator('.strip').first();
  const counts = (await strip.getAttribute('data-counts')).split(',').map(Number);
  const most = counts.indexOf(Math.max(...counts));
  const box = await strip.boundingBox();
  await strip.hover({ position: { x: ((most + 0.5) * box.width) / counts.length, y: 8 } });
  const tip = await page.locator('#tip').textContent();
  say('what is read out', tip.endsWith(counts[most].toLocaleString('en')), true);
  await page.locator('.stack').hover({ position: { x: 5, y: 100 } });
  say('what a bar tells', /socket_missing|response_timeout/.test(await page.locator('#tip').textContent()), true);

  const step = page.locator('.step').first();
  await step.getByRole('button').click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  say('what is copied', copied, await step.locator('code').textContent());

  await page.locator('.pools tbody th a').nth(3).click();
  const hash = new URL(page.url()).hash;
  say('details that a link leads to', await page.locator(hash).isVisible(), true);

  await page.emulateMedia({ colorScheme: 'light' });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.locator('#theme').click();
  say('another theme', (await ground()) !== light, true);
}

/** A log full of markup: nothing of it runs, and if it got in, it would not. */
export async function hostile({ open, say, wrong }) {
  const page = await open();
  say('scripts', await page.locator('script').count(), 1);
  say('foreign elements', await page.locator('img, iframe, object, embed, link, form, base').count(), 0);
  say('marks', await page.evaluate(() => globalThis.hacked), undefined);
  const text = await page.locator('main').innerText();
  say('text that is shown', text.includes('<script>globalThis.hacked=1</script>'), true);
  await page.mouse.move(300, 300);
  for (const strip of await page.locator('.strip').all()) await strip.hover();
  say('elements in what is read out', await page.locator('#tip script, #tip img').count(), 0);

  const quiet = wrong.length;
  await page.evaluate(() => {
    const holder = document.createElement('div');
    holder.innerHTML = '<img src="https://badgateway.invalid/x" onerror="hacked=1"><b onclick="hacked=1" id="bait" style="color:red">x</b>';
    const script = document.createElement('script');
    script.textContent = 'globalThis.hacked = 1';
    document.querySelector('h1').append(holder, script);
  });
  await page.locator('#bait').click();
  say('marks of what got in', await page.evaluate(() => globalThis.hacked), undefined);
  const refused = wrong.splice(quiet).filter((what) => what.includes('Content Security Policy'));
  say('what the policy refused: script, handlers, style, image', refused.length >= 4, true);
}
