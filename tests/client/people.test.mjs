import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browserName } from '../../src/web/client/connection/browser.js';
import { People } from '../../src/web/client/ui/people.js';

const ANN = { client_id: 'a', name: 'Ann', role: 'control' };
const BOB = { client_id: 'b', name: null, role: 'view' };
const state = (holder, asking = null) => ({ type: 'control-state', data: { holder, requested_by: asking } });

test('the viewers, who has control and who requests it', () => {
  const people = new People();
  people.begin('a');
  assert.ok(people.isGranted);
  assert.ok(people.receive({ type: 'people', data: { people: [ANN, BOB] } }));
  assert.ok(people.receive(state('b', 'a')));
  assert.deepEqual(people.all, [
    { id: 'a', name: 'Ann', mayControl: true, isOwn: true, holds: false, asks: true },
    { id: 'b', name: '', mayControl: false, isOwn: false, holds: true, asks: false },
  ]);
  assert.deepEqual([people.isGranted, people.isAdmin, people.own?.id, people.holder?.id, people.asking?.id], [false, false, 'a', 'b', 'a']);
  people.receive(state('a'));
  assert.deepEqual([people.isGranted, people.holder?.id, people.asking], [true, 'a', undefined]);
  people.receive({ type: 'people', data: { people: [{ ...ANN, role: 'admin' }] } });
  assert.ok(people.isAdmin);
});

test('the local user has priority over all viewers', () => {
  const people = new People();
  people.begin('a');
  people.receive({ type: 'control-state', data: { holder: 'a', requested_by: null, local: true, granted: false } });
  assert.deepEqual([people.isGranted, people.isLocal, people.holder?.id], [false, true, undefined]);
  people.receive(state('a'));
  assert.deepEqual([people.isGranted, people.isLocal], [true, false]);
});

test('a new connection starts empty, and other messages are ignored', () => {
  const people = new People();
  people.begin('a');
  people.receive({ type: 'people', data: { people: [ANN] } });
  people.receive(state('b'));
  people.begin('c');
  assert.deepEqual([people.all, people.isGranted], [[], true]);
  assert.ok(!people.receive({ type: 'stats', data: {} }));
});

test("the default name of a viewer is the browser's", () => {
  for (const [agent, name] of [
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36', 'Chrome, Linux'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 Edg/120.0', 'Edge, Windows'],
    ['Mozilla/5.0 (Windows NT 10.0; rv:120.0) Gecko/20100101 Firefox/120.0', 'Firefox, Windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1', 'Safari, iPhone'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15', 'Safari, Mac'],
    ['Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36', 'Chrome, Android'],
    ['curl/8', 'Browser'],
  ]) {
    assert.equal(browserName(agent), name);
  }
});
