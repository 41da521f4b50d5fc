// A relay (TURN) that works, and one that does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOISE, PATIENCE, watching } from './support/across.mjs';
import { startHost } from './support/host.mjs';
import { Line } from './support/line.mjs';
import { Relay } from './support/relay.mjs';
import { way } from './support/way.mjs';

const LIMIT = { timeout: 240_000 };
const NO_LINK = /network blocks video/;

/** Creates a link, and a relay at the host's end. Undefined without root. */
async function withRelay(t) {
  const line = await Line.make(t);
  return line && { line, relay: await Relay.start(t, line) };
}

function start(t, line, args) {
  return startHost(t, ['--tls', 'off', '--capture', NOISE, '--relay', 'off', ...args], { address: line.address, within: line.hostEnd });
}

test('relays that are down, refuse or drop everything do not delay a viewer who needs none', LIMIT, async (t) => {
  const { line, relay } = (await withRelay(t)) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  await line.swallow(SWALLOWED);
  const servers = [
    relay.url('udp'),
    `turn:${line.address}:${CLOSED}?transport=tcp`,
    `turn:${line.address}:${SWALLOWED}?transport=tcp`,
  ];
  const host = await start(t, line, ['--ice-server', servers.join(','), '--turn-secret-file', relay.wrongSecretFile]);
  const opened = Date.now();
  const view = await watching(t, line, host);
  t.diagnostic(`connected after ${Date.now() - opened} ms with the start of the browser`);
  assert.notEqual(await way(view), 'relay');
  // stop() fails if the host hangs.
  await host.stop();
});

test('a viewer who needs a relay learns that it is down, and reconnects when it is back', LIMIT, async (t) => {
  const { line, relay } = (await withRelay(t)) ?? {};
  if (!line) return t.skip('network namespaces can be made by root only');
  await line.deafen();
  const host = await start(t, line, ['--ice-server', relay.url('tcp'), '--turn-secret-file', relay.secretFile]);
  const view = await watching(t, line, host);
  assert.equal(await way(view), 'relay');
  await relay.stop();
  const stopped = Date.now();
  await view.reaches('reconnecting', PATIENCE);
  t.diagnostic(`reported after ${Date.now() - stopped} ms`);
  await view.says(NO_LINK, PATIENCE);
  await relay.start();
  const started = Date.now();
  await view.reaches('connected', PATIENCE);
  t.diagnostic(`back after ${Date.now() - started} ms`);
  assert.equal(await way(view), 'relay');
});

/** Ports of the host: one without a listener, and one whose packets are dropped. */
const [CLOSED, SWALLOWED] = [3479, 3480];
