// Browsers in networks of their own, which internal/netlab builds: it starts these
// tests one by one, on the machine of the network that the browser is to be on.
import { defineConfig } from '@playwright/test';
import { chromiumOptions, firefoxOptions } from '../browsers.mjs';

export default defineConfig({
  testDir: '.',
  globalSetup: './setup.mjs',
  outputDir: '../test-results/net',
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['../summary.mjs']],
  use: { headless: true, viewport: { width: 960, height: 540 } },
  projects: [
    { name: 'chromium', use: { browserName: 'chromium', launchOptions: chromiumOptions } },
    { name: 'firefox', grep: /@firefox/, use: { browserName: 'firefox', channel: 'moz-firefox', launchOptions: firefoxOptions } },
  ],
});
