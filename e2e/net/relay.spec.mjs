// People who are made to go by the relay.
import { expect, expectTalk, expectWay, relayedOver, test } from './network.mjs';

for (const protocol of /** @type {const} */ (['udp', 'tcp', 'tls'])) {
  test(`two people meet by the relay over ${protocol} @firefox`, async ({ meeting, server }) => {
    const script = relayedOver(protocol);
    const [ana, ben] = await Promise.all([meeting.join('ana', { script }), meeting.join('ben', { script })]);
    await expectTalk(ana, ben);
    for (const person of [ana, ben]) await expectWay(person, `relay over ${protocol}`);
    const there = async () => (await server.metrics()).sum('sfu_media_participants', `path="turn-${protocol}"`);
    await expect.poll(there, { message: 'who the server says goes that way' }).toBe(2);
  });
}
