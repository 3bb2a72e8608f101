import { defineConfig } from '@playwright/test';
import { chromiumOptions, firefoxOptions } from './browsers.mjs';

// One meeting at a time: two would starve each other of CPU on a small
// machine. No retries: a test that passes at the second try has found something.
export default defineConfig({
  testDir: 'tests',
  globalSetup: './setup.mjs',
  workers: 1,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  forbidOnly: !!process.env.CI,
  reporter: [['list'], ['html', { open: 'never' }]],
  // Without a graphics card the pixels of a window cost as much as the video in it.
  use: { headless: true, viewport: { width: 960, height: 540 } },
  projects: [
    { name: 'chromium', use: { browserName: 'chromium', launchOptions: chromiumOptions } },
    { name: 'firefox', grep: /@firefox/, use: { browserName: 'firefox', channel: 'moz-firefox', launchOptions: firefoxOptions } },
  ],
});
