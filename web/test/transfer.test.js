import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeChannel, settle } from './fakes.js';
import { Assembly, chunkSize, receiveFile, safeName, sendFile } from '../client/transfer.js';

function bytes(n) {
  return Uint8Array.from({ length: n }, (_, i) => (i * 31 + (i >> 8)) & 255);
}

// A file as the application has it: a Blob with a name.
const file = (content, name = 'a.bin') => Object.assign(new Blob([content]), { name });
const header = (fields) => JSON.stringify({ name: 'a.bin', size: 4, type: '', ...fields });

test('1 MiB arrives as it was sent', async () => {
  const content = bytes(1024 * 1024 + 7);
  const [from, to] = [new FakeChannel('file'), new FakeChannel('file')];
  const got = receiveFile(to, { limit: 2 ** 21 });
  from.send = (data) => to.onmessage({ data: typeof data === 'string' ? data : data.slice().buffer });
  await sendFile(from, file(content));
  const { header: head, chunks } = await got;
  assert.deepEqual(head, { name: 'a.bin', size: content.length, type: '' });
  assert.deepEqual(Buffer.concat(chunks), Buffer.from(content));
  assert.equal(from.readyState, 'closed');
});

test('an empty file is a file', async () => {
  const channel = new FakeChannel('file');
  const got = receiveFile(channel, { limit: 10 });
  channel.onmessage({ data: header({ size: 0 }) });
  assert.deepEqual((await got).chunks, []);
});

test('no message is larger than a chunk, and a full channel is waited for', async () => {
  const channel = new FakeChannel('file');
  let most = 0;
  channel.send = (data) => {
    if (typeof data === 'string') return;
    assert.ok(data.length <= chunkSize);
    channel.bufferedAmount += data.length;
    most = Math.max(most, channel.bufferedAmount);
  };
  const done = sendFile(channel, file(bytes(4 * 1024 * 1024)));
  let over = false;
  done.then(() => (over = true));
  for (let rounds = 0; !over && rounds < 100; rounds++) {
    await settle();
    channel.bufferedAmount = Math.max(0, channel.bufferedAmount - 256 * 1024);
    if (channel.bufferedAmount <= channel.bufferedAmountLowThreshold) channel.dispatchEvent(new Event('bufferedamountlow'));
  }
  await done;
  assert.ok(most <= 256 * 1024 + chunkSize, `${most} bytes were queued`);
});

test('progress only grows and ends at the whole', async () => {
  const seen = [];
  await sendFile(new FakeChannel('file'), file(bytes(100_000)), (n) => seen.push(n));
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
  assert.equal(seen.at(-1), 100_000);
});

test('a channel that ends in between fails both sides', async () => {
  const channel = new FakeChannel('file');
  channel.send = () => channel.close();
  await assert.rejects(sendFile(channel, file(bytes(50_000))), { code: 'closed' });

  const other = new FakeChannel('file');
  const got = receiveFile(other, { limit: 100 });
  other.onmessage({ data: header() });
  other.close();
  await assert.rejects(got, { code: 'incomplete' });
});

test('what is not a file is refused', async () => {
  const bad = ['', '{', 'null', '7', '{}', header({ size: -1 }), header({ size: 1.5 }), header({ size: '4' }), header({ name: 7 }), 'x'.repeat(5000), new ArrayBuffer(4)];
  for (const data of bad) assert.throws(() => new Assembly(100).add(data), { code: 'invalid' }, String(data));
  assert.throws(() => new Assembly(100).add(header({ size: 101 })), { code: 'too_large' });

  const assembly = new Assembly(100);
  assembly.add(header());
  assert.throws(() => assembly.add('text'), { code: 'invalid' });
  assert.throws(() => assembly.add(new ArrayBuffer(5)), { code: 'invalid' }); // more than announced
});

test('a refused file closes its channel', async () => {
  const channel = new FakeChannel('file');
  const got = receiveFile(channel, { limit: 1 });
  channel.onmessage({ data: header() });
  await assert.rejects(got, { code: 'too_large' });
  assert.equal(channel.readyState, 'closed');
});

test('names stay in their folder and show what they are', () => {
  const table = {
    'report.pdf': 'report.pdf', '../../etc/passwd': 'passwd', 'C:\\x\\y.exe': 'y.exe', '.bashrc': 'bashrc', '...': 'file', '': 'file',
    'a\u0000b\n.txt': 'ab.txt', 'photo\u202Egpj.exe': 'photogpj.exe', 'a<b>:"|?*.txt': 'ab.txt', 'Überblick 1.txt': 'Überblick 1.txt',
  };
  for (const [name, want] of Object.entries(table)) assert.equal(safeName(name), want, JSON.stringify(name));
  assert.equal(safeName(`${'x'.repeat(500)}.pdf`).length, 120);
  assert.ok(safeName(`${'x'.repeat(500)}.pdf`).endsWith('.pdf'));
});
