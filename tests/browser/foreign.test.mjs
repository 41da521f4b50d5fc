// Other projects' clients, or imitations of them, with the real host.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktopOf, TYPING } from './support/desktop.mjs';
import { foreignPage } from './support/foreign.mjs';
import { startHost } from './support/host.mjs';
import { until } from './support/until.mjs';
import { typeInChromium } from './support/view.mjs';

const LIMIT = { timeout: 120_000 };

/** A window that records button events, on a blue desktop of 640x480. */
const BUTTONS = `xsetroot -solid '#103050'
exec stdbuf -oL xev -event button -geometry 400x300+200+100 > "$DIR/buttons"`;

/** Opens a page with a foreign client, and a host with a virtual desktop. */
async function meet(t, name, program = TYPING) {
  const desktop = await desktopOf(t, program);
  const host = await startHost(t, ['--virtual=640x480', '--', ...desktop.command]);
  const foreign = await foreignPage(t, host.url, name);
  const socket = foreign.origin.replace(/^http/, 'ws');
  return { desktop, host, socket, ...foreign };
}

/** Waits for the video of the desktop, and for a colour in it. */
async function sees(view, place, colour) {
  await until('there is video', async () => (await view.frameSize()).width === 640, { deadlineMs: 30_000 });
  await view.shows(place, colour, { deadlineMs: 30_000 });
}

/** Waits for the terminal: black, where the desktop was blue. */
const seesTerminal = (view) => sees(view, [200, 360], [0, 0, 0]);

/** Waits for the background of the desktop, beside any window. */
const seesDesktop = (view) => sees(view, [20, 20], [0x10, 0x30, 0x50]);

function pointsAt(desktop, x, y) {
  return until(`the pointer of the desktop is at ${x},${y}`, async () => {
    const found = await desktop.pointer();
    if (Math.abs(found.x - x) <= 1 && Math.abs(found.y - y) <= 1) return true;
    throw new Error(JSON.stringify(found));
  });
}

/** Types a line into the page and waits until the terminal of the desktop has it. */
async function types(page, desktop, line) {
  await typeInChromium(page, `${line}\n`);
  await until('the terminal has the line', async () => {
    const typed = await desktop.read('typed');
    if (typed.endsWith(`${line}\n`)) return true;
    throw new Error(JSON.stringify(typed));
  });
}

/** Returns the button events that the window has recorded, such as `press 1`. */
async function buttons(desktop) {
  const text = await desktop.read('buttons');
  return [...text.matchAll(/^Button(Press|Release) event[\s\S]*?button (\d)/gm)].map(
    ([, what, button]) => `${what.toLowerCase()} ${button}`,
  );
}

function seesButtons(desktop, wanted) {
  return until(`the desktop sees ${wanted}`, async () => {
    const seen = await buttons(desktop);
    if (JSON.stringify(seen) === JSON.stringify(wanted)) return true;
    throw new Error(JSON.stringify(seen));
  });
}

/** Records the host's responses to requests of a page, such as `POST 201`. */
function exchanges(page, path) {
  const seen = [];
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.startsWith(path)) seen.push({ response, line: `${response.request().method()} ${response.status()}` });
  });
  return seen;
}

test('whip-whep plays the desktop by WHEP and ends its session', LIMIT, async (t) => {
  const { page, view, host, origin, complaints } = await meet(t, 'whep');
  const seen = exchanges(page, '/whep');
  await page.evaluate((url) => globalThis.view(url), `${origin}/whep`);
  await seesTerminal(view);
  assert.deepEqual(await view.frameSize(), { width: 640, height: 480 });
  const [{ response, line }] = seen;
  assert.equal(line, 'POST 201');
  const headers = response.headers();
  assert.equal(headers['content-type'], 'application/sdp');
  assert.ok(headers.location);
  assert.match(await response.text(), /^a=candidate:/m);
  const session = new URL(headers.location, `${origin}/whep`).href;
  await until('the candidates are sent', () => seen.filter(({ line }) => line === 'PATCH 204').length > 0);
  await page.evaluate(() => globalThis.player.stop());
  assert.deepEqual([...new Set(seen.map(({ line }) => line))], ['POST 201', 'PATCH 204', 'DELETE 200']);
  assert.deepEqual(complaints, []);
  const gone = await fetch(session, { method: 'DELETE', headers: { authorization: `Bearer ${host.token}` } });
  assert.equal(gone.status, 404);
});

test('a WHEP player that plays twice at the same time gets two sessions', LIMIT, async (t) => {
  const { page, view, origin } = await meet(t, 'whep');
  const seen = exchanges(page, '/whep');
  await page.evaluate((url) => globalThis.view(url), `${origin}/whep`);
  await page.evaluate((url) => globalThis.view(url), `${origin}/whep`);
  await seesTerminal(view);
  const posts = seen.filter(({ line }) => line === 'POST 201');
  const locations = posts.map(({ response }) => response.headers().location);
  assert.equal(new Set(locations).size, 2);
});

test('gstwebrtc-api finds the host as a producer, plays it and controls it', LIMIT, async (t) => {
  const { page, view, desktop, socket } = await meet(t, 'gstwebrtc');
  await page.evaluate((url) => globalThis.connect(url), `${socket}/gstwebrtc`);
  const [producer] = await until('there is a producer', async () => {
    const producers = await page.evaluate(() => globalThis.producers);
    return producers.length > 0 && producers;
  });
  assert.equal(typeof producer.meta.name, 'string');
  assert.ok(await page.evaluate((id) => globalThis.consume(id), producer.id));
  await seesTerminal(view);
  await until('the control channel is open', () =>
    page.evaluate(() => globalThis.session.remoteController?.rtcDataChannel.readyState === 'open'),
  );
  await view.click(320, 240);
  await pointsAt(desktop, 320, 240);
  await view.click(101, 57);
  await pointsAt(desktop, 101, 57);
  await types(page, desktop, 'Hello from gstwebrtc');
  const responses = await until('the host confirms', async () => {
    const all = await page.evaluate(() => globalThis.responses);
    return all.length > 0 && all;
  });
  assert.deepEqual(responses[0], { type: 'ControlResponseMessage', id: 0, error: null });
  await page.evaluate(() => globalThis.session.close());
  assert.deepEqual(await page.evaluate(() => globalThis.problems), []);
});

test('gstwebrtc-api presses, releases and turns the wheel', LIMIT, async (t) => {
  const { page, view, desktop, socket } = await meet(t, 'gstwebrtc', BUTTONS);
  await page.evaluate((url) => globalThis.connect(url), `${socket}/gstwebrtc`);
  const [{ id }] = await until('there is a producer', () => page.evaluate(() => globalThis.producers[0] && globalThis.producers));
  await page.evaluate((producer) => globalThis.consume(producer), id);
  await seesDesktop(view);
  await until('the control channel is open', () =>
    page.evaluate(() => globalThis.session.remoteController?.rtcDataChannel.readyState === 'open'),
  );
  await view.click(400, 260);
  await page.mouse.down({ button: 'right' });
  await page.mouse.up({ button: 'right' });
  await page.mouse.wheel(0, 120);
  await seesButtons(desktop, ['press 1', 'release 1', 'press 3', 'release 3', 'press 5', 'release 5']);
});

test('gstwebrtc-api plays the desktop with an offer of its own', LIMIT, async (t) => {
  const { page, view, socket } = await meet(t, 'gstwebrtc');
  await page.evaluate((url) => globalThis.connect(url), `${socket}/gstwebrtc`);
  const [{ id }] = await until('there is a producer', () => page.evaluate(() => globalThis.producers[0] && globalThis.producers));
  await page.evaluate((producer) => globalThis.consume(producer, { offerToReceiveVideo: true }), id);
  await seesTerminal(view);
  assert.deepEqual(await page.evaluate(() => globalThis.problems), []);
});

test('the first client of the protocol plays, points, types, pings and gets statistics', LIMIT, async (t) => {
  const { page, view, desktop, socket } = await meet(t, 'first');
  await page.evaluate((url) => globalThis.connect(url), `${socket}/ws`);
  await seesTerminal(view);
  await view.click(321, 123);
  await pointsAt(desktop, 321, 123);
  await types(page, desktop, 'Hello from the first client');
  await page.evaluate(() => globalThis.ping());
  const [latency] = await until('the ping comes back', () => page.evaluate(() => globalThis.latencies[0] !== undefined && globalThis.latencies));
  assert.ok(latency >= 0 && latency < 1000, `${latency} ms`);
  const request = (type, data) => page.evaluate((args) => globalThis.request(...args), [type, data]);
  const stats = await request('get-stats', { stats_type: ['webrtc', 'system'] });
  assert.equal(stats.type, 'stats');
  assert.ok(stats.data.webrtc.bytes_sent > 0);
  const selected = await request('protocol-negotiation', {
    supported_protocols: ['gstreamer-1.0', 'selkies'], preferred_protocol: 'gstreamer-1.0', client_capabilities: ['webrtc'],
  });
  assert.equal(selected.data.selected_protocol, 'gstreamer-1.0');
  const log = await page.evaluate(() => globalThis.log);
  assert.equal(log[0], 'welcome');
  assert.equal(log.filter((type) => type === 'welcome').length, 1);
  assert.equal(log.filter((type) => type === 'offer').length, 1);
  assert.ok(log.includes('answer-ack'));
  assert.deepEqual(log.filter((type) => type === 'error'), []);
});

test('a press that the first client never releases is released by the host', LIMIT, async (t) => {
  const { page, view, desktop, socket } = await meet(t, 'first', BUTTONS);
  await page.evaluate((url) => globalThis.connect(url), `${socket}/ws`);
  await seesDesktop(view);
  await view.click(400, 260);
  await seesButtons(desktop, ['press 1', 'release 1']);
  await view.click(410, 270);
  await seesButtons(desktop, ['press 1', 'release 1', 'press 1', 'release 1']);
});

test('a Selkies client connects both its peers, plays, points and types', LIMIT, async (t) => {
  const { page, view, desktop } = await meet(t, 'selkies');
  await page.evaluate(() => globalThis.connect());
  const turn = await page.evaluate(() => globalThis.turn);
  assert.equal(turn.blockStatus, 'NOT_BLOCKED');
  assert.equal(turn.iceTransportPolicy, 'all');
  assert.match(turn.lifetimeDuration, /^\d+s$/);
  await until('both peers are connected', async () => {
    const status = await page.evaluate(() => globalThis.states);
    if (status.picture === 'connected' && status.sound === 'connected') return true;
    throw new Error(JSON.stringify(status));
  });
  await seesTerminal(view);
  assert.equal(await page.evaluate(() => globalThis.label), 'input');
  await until('input arrives', async () => {
    await view.click(320, 240);
    return pointsAt(desktop, 320, 240).catch(() => false);
  });
  await types(page, desktop, 'Hello from Selkies');
  const received = (type) => page.evaluate((wanted) => globalThis.received.filter((message) => message.type === wanted), type);
  const actions = (await received('system')).map(({ data }) => data.action.split(',')[0]);
  for (const action of ['framerate', 'video_bitrate', 'audio_bitrate', 'resize', 'encoder']) {
    assert.ok(actions.includes(action), `${action} is not among ${actions}`);
  }
  const [measured] = await until('the host measures the latency', async () => {
    const all = await received('latency_measurement');
    return all.length > 0 && all;
  });
  assert.ok(measured.data.latency_ms >= 0 && measured.data.latency_ms < 1000);
  assert.deepEqual(await page.evaluate(() => globalThis.received.filter((message) => message[0] === 'close')), []);
});

test('a Selkies client presses, releases and turns the wheel', LIMIT, async (t) => {
  const { page, view, desktop } = await meet(t, 'selkies', BUTTONS);
  await page.evaluate(() => globalThis.connect());
  await seesDesktop(view);
  await until('input arrives', async () => {
    const place = await view.place(400, 260);
    await page.mouse.move(place.x - 1, place.y);
    await page.mouse.move(place.x, place.y);
    const { x, y } = await desktop.pointer();
    return x === 400 && y === 260;
  });
  await page.mouse.down();
  await page.mouse.up();
  await page.mouse.down({ button: 'right' });
  await page.mouse.up({ button: 'right' });
  await page.mouse.wheel(0, 120);
  await page.mouse.wheel(0, -120);
  await seesButtons(desktop, [
    'press 1', 'release 1', 'press 3', 'release 3', 'press 5', 'release 5', 'press 4', 'release 4',
  ]);
});

test('two Selkies clients with the same ids watch at the same time', LIMIT, async (t) => {
  const { page, view, host } = await meet(t, 'selkies');
  await page.evaluate(() => globalThis.connect());
  await seesTerminal(view);
  const other = await foreignPage(t, host.url, 'selkies');
  await other.page.evaluate(() => globalThis.connect());
  await seesTerminal(other.view);
  assert.equal(await page.evaluate(() => globalThis.states.picture), 'connected');
});
