// The page that tries every way to the server.
import { expectAccessible } from '../accessible.mjs';
import { expect, test } from '../meeting.mjs';

test('the doctor finds the ways that are open @firefox', async ({ meeting }, info) => {
  const ana = await meeting.arrive('ana', { path: '/doctor' });
  const { page } = ana;
  await expect(page.locator('[data-way=udp]')).toHaveAttribute('data-state', 'ok', { timeout: 30_000 });
  await expect(page.locator('[data-way=tcp]')).toHaveAttribute('data-state', 'none', { timeout: 30_000 });
  await expect(page.getByRole('status')).toContainText('All is well');
  await page.screenshot({ path: info.outputPath('doctor.png') });
  await expectAccessible(page, 'the doctor');
});

test('the doctor says that a server is gone', async ({ meeting, path }) => {
  meeting.expectComplaint(/^ana's .*(WebSocket|ws:\/\/|ERR_CONNECTION)/);
  const ana = await meeting.arrive('ana', { url: path.url, path: '/doctor' });
  await expect(ana.page.getByRole('status')).toContainText('All is well', { timeout: 30_000 });
  path.cut();
  await ana.page.getByRole('button', { name: 'Try again' }).click();
  await expect(ana.page.getByRole('status')).toContainText('No way to the server', { timeout: 30_000 });
});
