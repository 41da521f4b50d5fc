/** A peer connection with the answer given by the test. */
export class FakePeer {
  constructor(options) {
    this.options = options;
    this.candidates = [];
    this.isClosed = false;
    this.answered = new Promise((resolve, reject) => Object.assign(this, { giveAnswer: resolve, fail: reject }));
  }

  answer(offer) {
    this.offer = offer;
    return this.answered;
  }

  addCandidate(candidate) {
    this.candidates.push(candidate);
  }

  trickle(send) {
    this.send = send;
  }

  async received() {
    return 0;
  }

  close() {
    this.isClosed = true;
  }
}

export const OFFER_SDP = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\n';
export const ANSWER = { type: 'answer', sdp: OFFER_SDP.replace('sendonly', 'recvonly') };

/** A data channel that records messages as `[type, data]`. */
export class FakeChannel {
  readyState = 'open';
  bufferedAmount = 0;
  sent = [];

  send(text) {
    const { type, data } = JSON.parse(text);
    this.sent.push([type, data]);
  }
}
