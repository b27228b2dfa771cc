import { chromium } from 'playwright-core';
import { spawn } from 'node:child_process';
const bridge = spawn('node', ['bin/bascule.mjs', 'demo', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
let out = '';
bridge.stderr.on('data', (d) => { out += d; }); bridge.stdout.on('data', (d) => { out += d; });
while (!/http:\/\/[^\s"]+/.test(out)) await new Promise((r) => setTimeout(r, 50));
const url = /http:\/\/[^\s"]+:\d+/.exec(out)[0];
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
const shot = async (name, viewport, colorScheme, path) => {
  const context = await browser.newContext({ viewport, colorScheme, ...(viewport.width < 500 ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {}) });
  const page = await context.newPage();
  page.on('console', (m) => console.log(name, m.type(), m.text()));
  page.on('pageerror', (e) => console.log(name, 'exception', String(e)));
  await page.goto(`${url}/diagnostics.html${path}`);
  if (name.startsWith('empty')) { await page.screenshot({ path: `/tmp/b4-${name}.png`, fullPage: true }); await context.close(); return; }
  for (const tool of ['latency', 'throughput', 'load']) {
    if (tool === 'load') { await page.fill('#load-seconds', '3'); }
    if (tool === 'throughput') await page.selectOption('#throughput-seconds', '5');
    if (tool === 'latency') await page.selectOption('#latency-count', '5000');
    await page.click(`#${tool}-start`);
    await page.waitForFunction((t) => document.querySelector(`#${t}-status`).textContent !== '' && document.querySelector(`#${t}-start`).textContent === 'Start', tool, { timeout: 60000 });
    console.log(name, tool, await page.textContent(`#${tool}-status`), await page.evaluate((t) => [...document.querySelectorAll(`#${t} dd, #${t} td`)].map((e) => e.textContent).join(' | '), tool));
  }
  for (const line of ['hello', 'how are you?', 'Grüße']) { await page.fill('#echo-text', line); await page.press('#echo-text', 'Enter'); await page.waitForTimeout(300); }
  await page.waitForTimeout(900);
  console.log(name, 'echo', await page.innerText('#echo-log'));
  await page.screenshot({ path: `/tmp/b4-${name}.png`, fullPage: true });
  console.log((await page.inputValue('#report-text')).length);
  if (name === 'desk-light') 0;
  await context.close();
};
const [desk, phone] = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];
await shot('empty-desk', desk, 'light', '');
await shot('desk-light', desk, 'light', '');
await shot('phone-dark', phone, 'dark', '?path=/echo');
await browser.close();
bridge.kill('SIGTERM');
