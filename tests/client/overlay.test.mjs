import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Overlay, sentence } from '../../src/web/client/ui/overlay.js';
import { FakeClock } from './support/fake-clock.mjs';

function overlay() {
  const clock = new FakeClock();
  const elements = Object.fromEntries(
    ['sentence', 'countdown', 'retry'].map((id) => [id, Object.assign(new EventTarget(), { textContent: '', hidden: true })]),
  );
  const page = { body: { dataset: {} }, getElementById: (id) => elements[id] ?? null };
  let retries = 0;
  const shown = new Overlay(page, { clock, onRetry: () => (retries += 1) });
  return { clock, page, elements, shown, retries: () => retries };
}

test('each state except connected has a sentence', () => {
  assert.equal(sentence({ kind: 'connected' }), '');
  assert.equal(sentence({ kind: 'connecting' }), 'Connecting to the host…');
  assert.equal(sentence({ kind: 'reconnecting', reason: 'Gone.', retryInMs: 5 }), 'Gone. Reconnecting…');
  assert.equal(sentence({ kind: 'failed', reason: 'No.', remedy: 'Do this.' }), 'No. Do this.');
});

test('the countdown is separate from the sentence that is read aloud', () => {
  const { clock, elements, shown, page } = overlay();
  shown.show({ kind: 'reconnecting', reason: 'Gone.', retryInMs: 2500 });
  assert.equal(page.body.dataset.state, 'reconnecting');
  assert.equal(elements.countdown.textContent, 'Retrying in 3 s');
  clock.advance(500);
  assert.equal(elements.countdown.textContent, 'Retrying in 2 s');
  clock.advance(1000);
  assert.equal(elements.countdown.textContent, 'Retrying in 1 s');
  assert.equal(elements.sentence.textContent, 'Gone. Reconnecting…');
  shown.show({ kind: 'connected' });
  assert.equal(elements.countdown.textContent, '');
  assert.equal(clock.pending, 0);
});

test('a failure offers a retry', () => {
  const { elements, shown, retries } = overlay();
  shown.show({ kind: 'connecting' });
  assert.equal(elements.retry.hidden, true);
  shown.show({ kind: 'failed', reason: 'No.', remedy: 'Do this.' });
  assert.equal(elements.retry.hidden, false);
  elements.retry.dispatchEvent(new Event('click'));
  assert.equal(retries(), 1);
});
