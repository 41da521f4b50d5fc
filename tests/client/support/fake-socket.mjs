/** A class in the place of `WebSocket`, and the sockets made of it. */
export function fakeWebSocket() {
  const sockets = [];
  class FakeWebSocket {
    constructor(url) {
      this.url = url;
      this.sent = [];
      this.closedWith = null;
      sockets.push(this);
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close(code, reason) {
      this.closedWith = { code, reason };
    }

    /** The host says this. */
    deliver(message) {
      this.onmessage({ data: typeof message === 'string' ? message : JSON.stringify({ version: '1.0', ...message }) });
    }

    /** The connection ends. */
    end(code, reason = '') {
      this.onclose({ code, reason });
    }

    /** The messages of one type that the client sent. */
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
