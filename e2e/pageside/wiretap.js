// Keeps what crosses the page's WebSocket, for the test to read.
{
  /** @type {Wiretap} */
  const tap = { messages: [] };
  globalThis.wiretap = tap;

  /**
   * @param {'sent' | 'received'} direction
   * @param {unknown} data
   */
  function keep(direction, data) {
    if (typeof data !== 'string') return;
    tap.messages.push({ direction, at: Date.now(), message: JSON.parse(data) });
  }

  globalThis.WebSocket = class extends WebSocket {
    /** @param {ConstructorParameters<typeof WebSocket>} args */
    constructor(...args) {
      super(...args);
      this.addEventListener('message', (event) => keep('received', event.data));
    }

    /** @param {Parameters<WebSocket['send']>[0]} data */
    send(data) {
      keep('sent', data);
      super.send(data);
    }
  };
}
