// Text and files between people.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from '../meeting.mjs';

const text = 'Grüße, <b>Ünïcödé</b> & "quotes" — 日本語 🙂👩‍👩‍👧 <script>throw 1</script>';

test('a chat message arrives as it was written @firefox', async ({ meeting }) => {
  const [ana, ben, cem] = await meeting.gather('ana', 'ben', 'cem');
  await ana.get('toggle-chat').click();
  await ana.get('chat-input').fill(text);
  await ana.get('chat-send').click();
  for (const person of [ben, cem]) {
    await person.get('toggle-chat').click();
    await expect(person.get('chat-message')).toHaveCount(1);
    await expect(person.get('chat-message')).toContainText(text);
    await expect(person.get('chat-message')).toContainText('ana');
    await expect(person.get('chat-message').locator('script, b', { hasText: /Ünïcödé|throw/ })).toHaveCount(0);
  }
  await ben.get('chat-input').fill('an answer');
  await ben.get('chat-input').press('Enter');
  for (const person of [ana, cem]) await expect(person.get('chat-message').last()).toContainText('an answer');
  await expect(ana.get('chat-message'), "one's own message is shown once").toHaveCount(2);
});

test('a file of 1 MiB arrives intact at both others @firefox', async ({ meeting, browserName }, info) => {
  const [ana, ben, cem] = await meeting.gather('ana', 'ben', 'cem');
  const name = 'Bericht (ü).bin';
  const buffer = randomBytes(1 << 20);
  const sha256 = (/** @type {Buffer} */ data) => createHash('sha256').update(data).digest('hex');

  await ana.get('toggle-chat').click();
  await ana.get('file-input').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  for (const person of [ben, cem]) {
    await person.get('toggle-chat').click();
    const link = person.get('file-message').locator('a[download]');
    await expect(link).toBeVisible({ timeout: 15_000 });
    await expect(link).toHaveAttribute('download', name);
    expect(await link.evaluate((a) => probe.sha256(/** @type {HTMLAnchorElement} */ (a).href))).toBe(sha256(buffer));
    // Playwright's Firefox saves what a blob link gives, but tells nobody.
    if (browserName === 'firefox') continue;
    const [download] = await Promise.all([person.page.waitForEvent('download'), link.click()]);
    const path = info.outputPath(`${person.name}.bin`);
    await download.saveAs(path);
    expect(sha256(readFileSync(path))).toBe(sha256(buffer));
  }
});
