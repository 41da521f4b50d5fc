/** A class in place of `WebSocket`, and its instances. */
export function fakeWebSocket() {
  const sockets = [];
  class FakeWebSocket {
    constructor(url, protocols = []) {
      this.url = url;
      this.protocols = protocols;
      this.readyState = 0;
      /** The sent texts. */
      this.frames = [];
      this.closedWith = null;
      sockets.push(this);
    }

    /** The sent messages, except those that are no JSON. */
    get sent() {
      return this.frames.filter((frame) => frame.startsWith('{')).map((frame) => JSON.parse(frame));
    }

    send(text) {
      this.frames.push(text);
    }

    close(code, reason) {
      this.readyState = 2;
      this.closedWith = { code, reason };
    }

    /** Opens the connection. */
    open() {
      this.readyState = 1;
      this.onopen();
    }

    /** Delivers a message of the host; an object gets the rest of an envelope. */
    deliver(message) {
      this.onmessage({ data: typeof message === 'string' ? message : JSON.stringify({ version: '1.0', ...message }) });
    }

    /** Closes the connection. */
    end(code, reason = '') {
      this.readyState = 3;
      this.onclose({ code, reason, wasClean: code !== 1006 });
    }

    /** The sent messages of one type. */
    ofType(type) {
      return this.sent.filter((message) => message.type === type);
    }
  }
  return { FakeWebSocket, sockets };
}

export const WELCOME = {
  type: 'welcome',
  id: 'msg_1640995200001_001',
  data: { client_id: 'client_1640995200000_0421', session_config: { heartbeat_interval: 20_000 } },
};
