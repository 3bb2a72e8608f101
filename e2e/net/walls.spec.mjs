// People whose network lets little through, with all of Chromium before them.
import { wholeChromiumOptions } from '../browsers.mjs';
import { expectTalk, expectWay, test } from './network.mjs';

test.use({ launchOptions: wholeChromiumOptions });

test('who has no UDP talks over TCP to who has', async ({ meeting, elsewhere }) => {
  const [ana, ben] = await Promise.all([meeting.join('ana'), meeting.join('ben', { browser: elsewhere })]);
  await expectTalk(ana, ben);
  await expectWay(ana, 'tcp');
  await expectWay(ben, 'udp');
});

test('who has nothing but TLS talks by the relay to who has all', async ({ meeting, elsewhere }) => {
  const [ana, ben] = await Promise.all([meeting.join('ana'), meeting.join('ben', { browser: elsewhere })]);
  await expectTalk(ana, ben);
  await expectWay(ana, 'relay over tls');
  await expectWay(ben, 'udp');
});

test('somebody comes into a call', async ({ meeting, elsewhere }, info) => {
  const ben = await meeting.join('ben', { browser: elsewhere });
  const begin = performance.now();
  const ana = await meeting.join('ana');
  const joined = performance.now();
  await ana.expectToSee({ ben: 'green' });
  const seen = performance.now();
  await expectTalk(ana, ben);
  const ms = (/** @type {number} */ end) => `${Math.round(end - begin)} ms`;
  info.annotations.push({ type: 'measured', description: `connected ${ms(joined)} after opening the page, sees a picture after ${ms(seen)}` });
});
