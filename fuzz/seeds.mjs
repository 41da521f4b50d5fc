// Writes a corpus to start from into fuzz/corpus: the messages of tests/data/protocol-vectors.json, and the files and
// descriptions that stand here.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";

const root = new URL("../", import.meta.url);

/**
 * @param {string} target
 * @param {string | Buffer} text
 */
function seed(target, text) {
  const folder = new URL(`fuzz/corpus/${target}/`, root);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(createHash("sha1").update(text).digest("hex"), folder), text);
}

const vectors = JSON.parse(readFileSync(new URL("tests/data/protocol-vectors.json", root), "utf8"));
/** @type {Record<string, string[]>} */
const conversations = {};
for (const { direction, dialect, transport, input } of vectors) {
  if (direction !== "client-to-host") continue;
  const target = transport === "channel" ? "channel" : dialect;
  seed(target, input);
  // Control characters stand for what happens on our side: the offer is made, the answer is applied.
  (conversations[target] ??= []).push(input, "\x01", "\x03", "\x06");
}
for (const [target, lines] of Object.entries(conversations)) {
  seed(target, lines.join("\n"));
}

for (const text of [
  '{"type":"welcome","peerId":"a"}\n{"type":"startSession","peerId":"b","sessionId":"s"}\n\x01\n' +
    '{"type":"peer","sessionId":"s","sdp":{"type":"answer","sdp":"v=0"}}\n{"type":"endSession","sessionId":"s"}',
  'HELLO\nSESSION_OK\n\x01\n{"sdp":{"type":"answer","sdp":"v=0"}}\n{"ice":{"candidate":"candidate:1","sdpMLineIndex":0}}',
  "HELLO\nOFFER_REQUEST\nERROR peer 'x' not found",
]) {
  seed("outbound", text);
}

const fingerprint = Array(32).fill("AB").join(":");
const candidate = "candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host";
const sdp = [
  "v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2", `a=fingerprint:sha-256 ${fingerprint}`,
  "m=video 9 UDP/TLS/RTP/SAVPF 96 102", "c=IN IP4 0.0.0.0", "a=mid:0", "a=recvonly", "a=rtcp-mux", "a=ice-ufrag:abcd",
  "a=ice-pwd:0123456789012345678901", "a=setup:active", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 transport-cc",
  "a=extmap:3/sendonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", "a=rtpmap:102 H264/90000",
  "a=fmtp:102 packetization-mode=1;profile-level-id=42e01f", `a=${candidate}`, "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=mid:1", "a=rtpmap:111 opus/48000/2", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:2",
  "a=sctp-port:5000", "",
].join("\r\n");
seed("sdp", sdp);
seed("sdp", candidate);
seed("whep", `a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjK\r\nm=video 9 RTP/AVP 0\r\na=mid:0\r\na=${candidate}\r\n`);

for (const kind of ["capture", "encode"]) {
  for (const name of readdirSync(new URL(`pipelines/${kind}/`, root))) {
    const text = readFileSync(new URL(`pipelines/${kind}/${name}`, root), "utf8");
    seed("pipeline", text);
    seed("pipeline", `${text}\0no property "pattern" in element "videotestsrc"`);
  }
}
seed("pipeline", 'a ! b\0could not link "a0" to "b0"');

seed("config", "listen = '[::1]:80'\nfps = 30\nice_server = ['stun:a', 'turn:b']\nvirtual = '640x480'\n");
seed("config", "auth = 'password'\nper_viewer_encoder = true\nsignaling_server = 'wss://a/b'\nallow_embed = ['https://a']\n");
seed(
  "http",
  "/ws/cad\nhost: desk.example:8080\norigin: https://desk.example:8080\ncookie: a=b; __Host-deskbeam-8080=00\n" +
    "authorization: Basic YW55Ym9keTphOmI=\nsec-websocket-protocol: gstreamer-1.0, bearer.00\nupgrade: selkies\n" +
    "x-signaling-protocol: gstwebrtc\nuser-agent: Mozilla/5.0\nsec-fetch-mode: navigate",
);
seed("http", "wss://user@desk.example:8443/a?b#c\nhost: [::1]:80\nauthorization: Bearer 00");
// An Allocate request for UDP, and ChannelData.
seed("relay", Buffer.from(`000300082112a442${"07".repeat(12)}001900041100000040000003666f6f00`, "hex"));
seed("state", "00112233445566778899aabbccddeeff\n");
seed("state", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b0dWRWJTmaaJObG\n");
seed("state", JSON.stringify([{ id: "ab", role: "view", expires_ms: 1e15, sha256: "0".repeat(64) }]));
seed("congestion", "0123456789abcdef".repeat(24));
