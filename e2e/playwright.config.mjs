import { defineConfig } from '@playwright/test';
import { chromiumOptions, firefoxOptions } from './browsers.mjs';

// One meeting at a time: two would starve each other of CPU on a small machine.
//
// A test that fails is tried again, twice at most, for all of these share
// two cores with browsers that give up when they get none. Who needs it has
// found something all the same, and is named at the end of the run (summary.mjs).
export default defineConfig({
  testDir: 'tests',
  globalSetup: './setup.mjs',
  workers: 1,
  retries: 2,
  // For patience only; what is promised within a time says so in its test.
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: !!process.env.CI,
  reporter: [['list'], ['html', { open: 'never' }], ['./summary.mjs']],
  // Without a graphics card the pixels of a window cost as much as the video in it.
  use: { headless: true, viewport: { width: 960, height: 540 } },
  projects: [
    { name: 'chromium', use: { browserName: 'chromium', launchOptions: chromiumOptions } },
    { name: 'firefox', grep: /@firefox/, use: { browserName: 'firefox', channel: 'moz-firefox', launchOptions: firefoxOptions } },
  ],
});
