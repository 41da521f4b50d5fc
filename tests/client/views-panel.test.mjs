import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ViewsPanel } from '../../src/web/client/ui/views-panel.js';

class FakeSelect extends EventTarget {
  options = [];
  value = '';
  ownerDocument = { createElement: () => ({}) };

  set length(count) {
    this.options.length = count;
  }

  appendChild(option) {
    this.options.push(option);
    return option;
  }

  choose(id) {
    this.value = id;
    this.dispatchEvent(new Event('change'));
  }
}

const [DESKTOP, LEFT, EDITOR] = [
  { id: 'desktop', kind: 'desktop', name: '', width: 800, height: 600 },
  { id: 'monitor-5', kind: 'monitor', name: 'left', width: 400, height: 600 },
  { id: 'window-7', kind: 'window', name: '<b>Editor</b>', width: 300, height: 200 },
];

function page() {
  const [select, field] = [new FakeSelect(), { hidden: true }];
  const document = { querySelector: (selector) => (selector === '#views' ? field : select) };
  const [sent, hints] = [[], []];
  const panel = new ViewsPanel(document, { send: (...message) => sent.push(message) > 0, hint: (text) => hints.push(text) });
  const hear = (shown, ...views) => panel.receive({ views, shown: shown.id });
  return { panel, select, field, sent, hints, hear };
}

test('the choice is shown as soon as there are two views, with permission', () => {
  const { panel, field, select, hear } = page();
  hear(DESKTOP, DESKTOP);
  assert.ok(field.hidden);
  hear(DESKTOP, DESKTOP, LEFT, EDITOR);
  assert.ok(!field.hidden);
  assert.deepEqual(select.options.map(({ value, textContent }) => [value, textContent]), [
    ['desktop', 'Whole desktop'], ['monitor-5', 'left'], ['window-7', '<b>Editor</b>'],
  ]);
  panel.setMayChoose(false);
  assert.ok(field.hidden);
  hear(DESKTOP, DESKTOP);
  assert.equal(select.options.length, 1);
});

test('a choice is requested, and selected when the host confirms it', () => {
  const { panel, select, sent, hear } = page();
  hear(DESKTOP, DESKTOP, LEFT);
  select.choose('monitor-5');
  assert.deepEqual(sent, [['view', { id: 'monitor-5' }]]);
  assert.equal(select.value, 'desktop');
  assert.ok(panel.isWhole);
  hear(LEFT, DESKTOP, LEFT);
  assert.equal(select.value, 'monitor-5');
  assert.ok(!panel.isWhole);
});

test('a hint names the new view, and why it is the whole desktop again', () => {
  const { hear, hints } = page();
  hear(DESKTOP, DESKTOP, LEFT, EDITOR);
  hear(EDITOR, DESKTOP, LEFT, EDITOR);
  hear(DESKTOP, DESKTOP, LEFT, EDITOR);
  hear(LEFT, DESKTOP, LEFT, { ...EDITOR, name: 'Renamed' });
  hear(DESKTOP, DESKTOP, EDITOR);
  assert.deepEqual(hints, [
    'Now showing: <b>Editor</b>',
    'Now showing the whole desktop',
    'Now showing: left',
    'left is gone: now showing the whole desktop',
  ]);
});
