import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodableCodecs } from '../../src/web/client/connection/codecs.js';
import { rejectsVideo, videoCodecs } from '../../src/web/client/connection/sdp.js';

test('each codec is listed once, in the order of the browser, without retransmission and FEC formats', () => {
  const codecs = ['video/VP8', 'video/rtx', 'video/VP9', 'video/VP9', 'video/H264', 'video/AV1', 'video/red',
    'video/ulpfec', 'video/flexfec-03', 'video/H264'].map((mimeType) => ({ mimeType }));
  assert.deepEqual(decodableCodecs({ codecs }), ['VP8', 'VP9', 'H264', 'AV1']);
});

test('a browser without WebRTC decodes nothing', () => {
  assert.deepEqual(decodableCodecs(undefined), []);
  assert.deepEqual(decodableCodecs(null), []);
});

const OFFER = [
  'v=0', 'o=- 1 0 IN IP4 0.0.0.0', 's=-', 't=0 0', 'a=group:BUNDLE audio0 video1 application2',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=rtpmap:111 OPUS/48000/2',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97', 'a=sendonly', 'a=rtpmap:96 h264/90000', 'a=rtpmap:97 rtx/90000',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'a=inactive', '',
].join('\r\n');

test('the codecs of an offer are those of its video section', () => {
  assert.deepEqual(videoCodecs(OFFER), ['H264']);
  assert.deepEqual(videoCodecs('v=0\r\n'), []);
});

test('an answer accepts the video', () => {
  assert.equal(rejectsVideo(OFFER), false);
});

test('an answer rejects the video by port 0, by direction, or by omitting it', () => {
  assert.equal(rejectsVideo(OFFER.replace('m=video 9', 'm=video 0')), true);
  assert.equal(rejectsVideo(OFFER.replace('a=sendonly', 'a=inactive')), true);
  assert.equal(rejectsVideo(OFFER.replace(/m=video[^]*?m=app/, 'm=app')), true);
});
