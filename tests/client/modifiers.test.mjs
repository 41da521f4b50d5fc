// The events below are those of browsers on macOS and Windows, which no system here sends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keyboard } from '../../src/web/client/input/keyboard.js';
import { FakeSurface, recorder } from './support/fake-surface.mjs';

const NAMES = { Shift: 'shiftKey', Control: 'ctrlKey', Alt: 'altKey', Meta: 'metaKey' };

/** What an event says about modifiers: `on` are down, all others are not. */
function flags(...on) {
  const fields = Object.fromEntries(Object.entries(NAMES).map(([name, field]) => [field, on.includes(name)]));
  return { ...fields, getModifierState: (name) => on.includes(name) };
}

function grabbed({ layout = {}, ...options } = {}) {
  const surface = new FakeSurface();
  const { send, sent } = recorder();
  const pressed = new Set();
  /** The keys that are down at the host. */
  const atHost = () => [...pressed];
  const record = (type, data) => {
    const isSent = send(type, data);
    if (isSent) pressed[data.action === 'down' ? 'add' : 'delete'](data.code);
    return isSent;
  };
  const keyboard = new Keyboard(surface, record, { plain: (code) => layout[code], ...options });
  keyboard.grab();
  const down = (code, key, on = [], fields = {}) => surface.fire('keydown', { code, key, ...flags(...on), ...fields });
  const up = (code, key, on = [], fields = {}) => surface.fire('keyup', { code, key, ...flags(...on), ...fields });
  /** Presses and releases a key. */
  const tap = (code, key, on) => {
    down(code, key, on);
    up(code, key, on);
  };
  /** The strokes since the last call: `+` pressed, `-` released. */
  const strokes = () => sent.splice(0).map(([, { code, action }]) => `${action === 'down' ? '+' : '-'}${code}`).join(' ');
  /** What is down at the host when each character is pressed. */
  const typed = () => {
    const held = new Set();
    return sent.splice(0).flatMap(([, { code, key, action }]) => {
      if (action === 'up') held.delete(code);
      const isCharacter = action === 'down' && [...key].length === 1;
      if (action === 'down' && !isCharacter) held.add(code);
      return isCharacter ? [[...held, key].join('+')] : [];
    });
  };
  return { keyboard, send, down, up, tap, strokes, typed, atHost };
}

const GERMAN = { KeyL: 'l', Digit5: '5', Digit7: '7', KeyQ: 'q', KeyE: 'e', KeyF: 'f', Minus: 'ß', Semicolon: 'ö', KeyZ: 'y', KeyY: 'z' };

test('on a Mac the characters of Option are typed without Alt', () => {
  for (const layout of [GERMAN, {}]) {
    const { down, up, tap, typed, keyboard } = grabbed({ isMac: true, layout });
    down('AltLeft', 'Alt', ['Alt']);
    tap('KeyL', '@', ['Alt']);
    tap('Digit5', '[', ['Alt']);
    down('ShiftLeft', 'Shift', ['Alt', 'Shift']);
    tap('Digit7', '\\', ['Alt', 'Shift']);
    up('ShiftLeft', 'Shift', ['Alt']);
    tap('KeyE', '€', ['Alt']);
    up('AltLeft', 'Alt');
    assert.deepEqual(typed(), ['@', '[', 'ShiftLeft+\\', '€']);
    assert.deepEqual(keyboard.held, []);
  }
});

test('Alt alone is not pressed and released around a composed character: that opens menus', () => {
  const { down, up, tap, strokes } = grabbed({ isMac: true });
  down('AltRight', 'Alt', ['Alt']);
  tap('KeyL', '@', ['Alt']);
  up('AltRight', 'Alt');
  assert.equal(strokes(), '+KeyL -KeyL');
  tap('AltRight', 'Alt', ['Alt']);
  assert.equal(strokes(), '+AltRight -AltRight', 'it was meant');
});

test('on a Mac Alt is there for shortcuts, for clicks, and again after a composed character', () => {
  const { keyboard, down, up, tap, typed, strokes, atHost } = grabbed({ isMac: true, layout: { ...GERMAN, KeyZ: 'я' } });
  down('AltLeft', 'Alt', ['Alt']);
  tap('KeyL', '@', ['Alt']);
  tap('ArrowLeft', 'ArrowLeft', ['Alt']);
  assert.equal(strokes(), '+KeyL -KeyL +AltLeft +ArrowLeft -ArrowLeft');
  tap('KeyL', '@', ['Alt']);
  keyboard.follow(flags('Alt'), false);
  assert.deepEqual(atHost(), []);
  keyboard.follow(flags('Alt'), true);
  assert.deepEqual(atHost(), ['AltLeft']);
  up('AltLeft', 'Alt');
  assert.equal(strokes(), '-AltLeft +KeyL -KeyL +AltLeft -AltLeft');
  down('AltLeft', 'Alt', ['Alt']);
  tap('KeyF', 'f', ['Alt']);
  tap('KeyZ', 'я', ['Alt']);
  tap('Numpad5', '5', ['Alt']);
  assert.deepEqual(typed(), ['AltLeft+f', 'AltLeft+я', 'AltLeft+5']);
});

test('Option is let go of for a dead key, whose accent goes on the next letter', () => {
  const { down, up, tap, atHost } = grabbed({ isMac: true, composes: true });
  down('AltLeft', 'Alt', ['Alt']);
  tap('ArrowLeft', 'ArrowLeft', ['Alt']);
  assert.deepEqual(atHost(), ['AltLeft']);
  down('KeyU', 'Dead', ['Alt']);
  assert.deepEqual(atHost(), []);
  up('KeyU', 'Dead', ['Alt'], { isComposing: true });
  assert.deepEqual(atHost(), []);
});

test('Control or Command with Option is a shortcut', () => {
  for (const [code, key, name] of [['ControlLeft', 'Control', 'Control'], ['MetaLeft', 'Meta', 'Meta']]) {
    const { down, tap, typed } = grabbed({ isMac: true, layout: GERMAN });
    down(code, key, [name]);
    down('AltLeft', 'Alt', [name, 'Alt']);
    tap('KeyL', '@', [name, 'Alt']);
    assert.deepEqual(typed(), [`${code}+AltLeft+@`]);
  }
});

test('Control and Alt in place of AltGr are let go of for the character, and are back afterwards', () => {
  for (const layout of [GERMAN, {}]) {
    const { down, up, tap, typed, strokes, atHost } = grabbed({ layout });
    down('ControlLeft', 'Control', ['Control']);
    down('AltLeft', 'Alt', ['Control', 'Alt']);
    strokes();
    down('KeyQ', '@', ['Control', 'Alt']);
    // Alt first: released alone it opens menus.
    assert.equal(strokes(), '-AltLeft -ControlLeft +KeyQ');
    down('Digit7', '{', ['Control', 'Alt']);
    up('KeyQ', '@', ['Control', 'Alt']);
    assert.deepEqual(atHost(), ['Digit7'], 'the host repeats a key that is held');
    up('Digit7', '{', ['Control', 'Alt']);
    assert.deepEqual(new Set(atHost()), new Set(['ControlLeft', 'AltLeft']));
    tap('KeyF', 'f', ['Control', 'Alt']);
    strokes();
    up('AltLeft', 'Alt', ['Control']);
    up('ControlLeft', 'Control');
    assert.equal(strokes(), '-AltLeft -ControlLeft');
    assert.deepEqual(typed(), []);
  }
});

test('a browser that names AltGr instead of Control and Alt is understood', () => {
  const { down, tap, up, typed, keyboard } = grabbed({ layout: GERMAN });
  down('ControlLeft', 'Control', ['Control']);
  down('AltLeft', 'Alt', ['Control', 'Alt']);
  tap('KeyQ', '@', ['AltGraph']);
  tap('KeyF', 'f', ['Control', 'Alt']);
  assert.deepEqual(typed(), ['@', 'ControlLeft+AltLeft+f']);
  up('AltLeft', 'Alt', ['Control']);
  up('ControlLeft', 'Control');
  assert.deepEqual(keyboard.held, []);
});

test('AltGr that is reported for Option, or with Control and Alt, composes nothing by itself', () => {
  const mac = grabbed({ isMac: true, layout: GERMAN });
  mac.down('ControlLeft', 'Control', ['Control']);
  mac.down('AltLeft', 'Alt', ['Alt', 'AltGraph']);
  mac.tap('KeyF', 'f', ['Alt', 'AltGraph']);
  mac.tap('KeyL', '@', ['Alt', 'AltGraph']);
  assert.deepEqual(mac.typed(), ['AltLeft+f', '@'], 'the release of Control was swallowed');
  const windows = grabbed({ layout: GERMAN });
  const all = ['Control', 'Alt', 'AltGraph'];
  windows.down('ControlLeft', 'Control', ['Control']);
  windows.down('AltLeft', 'Alt', all);
  windows.tap('KeyF', 'f', all);
  windows.tap('KeyQ', '@', all);
  assert.deepEqual(windows.typed(), ['ControlLeft+AltLeft+f', '@']);
});

test('shortcuts with Control and Alt keep them, whatever is known of the layout', () => {
  const shortcuts = [
    ['KeyT', 't'], ['KeyT', 'T'], ['Digit1', '1'], ['Minus', '-'], ['KeyT', 'е'], ['Numpad4', '4'], ['KeyA', 'φ'],
  ];
  for (const [code, key] of shortcuts) {
    for (const layout of [{}, { KeyT: 't', KeyA: 'a' }]) {
      const { down, tap, typed } = grabbed({ layout });
      down('ControlLeft', 'Control', ['Control']);
      down('AltLeft', 'Alt', ['Control', 'Alt']);
      tap(code, key, ['Control', 'Alt']);
      assert.deepEqual(typed(), [`ControlLeft+AltLeft+${key}`], code);
    }
  }
  const { down, tap, typed } = grabbed({ layout: GERMAN });
  down('ControlLeft', 'Control', ['Control']);
  down('AltLeft', 'Alt', ['Control', 'Alt']);
  tap('Minus', 'ß', ['Control', 'Alt']);
  tap('KeyZ', 'y', ['Control', 'Alt']);
  down('ShiftLeft', 'Shift', ['Control', 'Alt', 'Shift']);
  tap('Digit1', '!', ['Control', 'Alt', 'Shift']);
  assert.deepEqual(typed(), ['ControlLeft+AltLeft+ß', 'ControlLeft+AltLeft+y', 'ControlLeft+AltLeft+ShiftLeft+!']);
});

test('Alt alone is never let go of but on a Mac', () => {
  const { down, tap, typed } = grabbed();
  down('AltLeft', 'Alt', ['Alt']);
  tap('KeyQ', '@', ['Alt']);
  assert.deepEqual(typed(), ['AltLeft+@']);
});

test('a modifier whose release was swallowed is released before the next event acts', () => {
  for (const name of Object.keys(NAMES)) {
    const { keyboard, down, strokes } = grabbed();
    down(`${name}Left`, name, [name]);
    strokes();
    down('KeyA', 'a');
    assert.equal(strokes(), `-${name}Left +KeyA`);
    keyboard.forget();
    down(`${name}Left`, name, [name]);
    strokes();
    keyboard.follow(flags(), false);
    assert.equal(strokes(), `-${name}Left`, 'the pointer says so, too');
  }
});

test('a modifier that was pressed elsewhere is pressed for what acts with it, and released', () => {
  const { keyboard, down, up, strokes } = grabbed();
  down('KeyC', 'c', ['Control']);
  up('KeyC', 'c', ['Control']);
  up('ControlRight', 'Control');
  assert.equal(strokes(), '+ControlLeft +KeyC -KeyC -ControlLeft');
  keyboard.follow(flags('Shift'), false);
  assert.equal(strokes(), '', 'motion does not act');
  keyboard.follow(flags('Shift'), true);
  keyboard.follow(flags(), false);
  assert.equal(strokes(), '+ShiftLeft -ShiftLeft');
});

test('a shortcut that led to the page, of which only the releases arrive, presses nothing', () => {
  for (const name of Object.keys(NAMES)) {
    const { down, up, strokes } = grabbed();
    up('Digit2', '2', [name]);
    up(`${name}Left`, name);
    assert.equal(strokes(), '');
    down('ShiftRight', 'Shift', [name, 'Shift']);
    up('ShiftRight', 'Shift', [name]);
    up(`${name}Left`, name);
    assert.equal(strokes(), '+ShiftRight -ShiftRight', 'nor does another modifier');
  }
});

test('the release of one of two Shifts counts for both if the browser says that none is down', () => {
  const { keyboard, down, up, strokes, atHost } = grabbed();
  down('ShiftLeft', 'Shift', ['Shift']);
  down('ShiftRight', 'Shift', ['Shift']);
  up('ShiftRight', 'Shift', ['Shift']);
  assert.deepEqual(atHost(), ['ShiftLeft']);
  down('ShiftRight', 'Shift', ['Shift']);
  up('ShiftRight', 'Shift');
  assert.deepEqual(keyboard.held, []);
  strokes();
});

test('AltGr is held until its release where the browser does not report it, and otherwise until it says so', () => {
  const { down, tap, up, strokes } = grabbed();
  down('AltRight', 'AltGraph');
  tap('KeyE', 'e');
  up('AltRight', 'AltGraph');
  assert.equal(strokes(), '+AltRight +KeyE -KeyE -AltRight');
  down('AltRight', 'AltGraph');
  tap('KeyQ', '@', ['AltGraph']);
  down('KeyE', 'e');
  assert.equal(strokes(), '+AltRight +KeyQ -KeyQ -AltRight +KeyE');
});

test('the Windows key counts although Chromium on Linux reports it only after its press, and still at its release', () => {
  const { keyboard, down, tap, up, strokes } = grabbed();
  down('MetaRight', 'Meta');
  tap('KeyE', 'e', ['Meta']);
  up('MetaRight', 'Meta', ['Meta']);
  assert.equal(strokes(), '+MetaRight +KeyE -KeyE -MetaRight');
  down('MetaLeft', 'Meta');
  keyboard.follow(flags(), false);
  assert.equal(strokes(), '+MetaLeft -MetaLeft');
});

test('AltGr of Windows presses neither Control nor Alt, whatever the browser says with it', () => {
  const { down, tap, up, strokes } = grabbed();
  down('ControlLeft', 'Control', ['Control']);
  down('AltRight', 'AltGraph', ['Control', 'Alt', 'AltGraph']);
  tap('KeyQ', '@', ['AltGraph']);
  tap('F1', 'F1', ['Control', 'Alt', 'AltGraph']);
  up('AltRight', 'AltGraph');
  assert.equal(strokes(), '+ControlLeft -ControlLeft +AltRight +KeyQ -KeyQ +F1 -F1 -AltRight');
});

test('Alt that X11 names Meta, since Shift is down, is Alt', () => {
  const { down, tap, up, keyboard, typed, atHost } = grabbed();
  down('ShiftLeft', 'Shift', ['Shift']);
  down('AltLeft', 'Meta', ['Shift', 'Alt']);
  tap('Tab', 'Tab', ['Shift', 'Alt']);
  assert.deepEqual(atHost(), ['ShiftLeft', 'AltLeft']);
  up('ShiftLeft', 'Shift', ['Alt']);
  up('AltLeft', 'Alt');
  assert.deepEqual([keyboard.held, typed()], [[], []]);
});

test('Control and Shift on other keys are those that the host knows', () => {
  for (const [code, key] of [['CapsLock', 'Control'], ['MetaLeft', 'Control'], ['IntlBackslash', 'Shift']]) {
    const { down, up, tap, strokes } = grabbed();
    down(code, key, [key]);
    tap('KeyV', 'v', [key]);
    up(code, key);
    assert.equal(strokes(), `+${key}Left +KeyV -KeyV -${key}Left`);
  }
  const { down, strokes } = grabbed();
  down('ControlLeft', 'CapsLock');
  assert.equal(strokes(), '+ControlLeft', 'the key says what it is');
});

test('keys that switch a Japanese or Korean keyboard are released at once', () => {
  const { keyboard, down, strokes } = grabbed();
  down('Backquote', 'Zenkaku');
  down('Backquote', 'Hankaku', [], { repeat: true });
  down('CapsLock', 'Alphanumeric');
  down('Lang1', 'HangulMode');
  assert.equal(strokes(), '+Backquote -Backquote +Backquote -Backquote +CapsLock -CapsLock +Lang1 -Lang1');
  assert.deepEqual(keyboard.held, []);
});

test('a Mac reports no release while Command is down: each press is released at once, also those of a repeat', () => {
  const { down, up, strokes, atHost } = grabbed({ isMac: true, metaIsControl: () => true });
  down('KeyA', 'a');
  down('MetaLeft', 'Meta', ['Meta']);
  down('KeyZ', 'z', ['Meta']);
  down('KeyZ', 'z', ['Meta'], { repeat: true });
  assert.deepEqual(atHost(), ['ControlLeft']);
  up('MetaLeft', 'Meta');
  assert.equal(strokes(), '+KeyA -KeyA +ControlLeft +KeyZ -KeyZ +KeyZ -KeyZ -ControlLeft');
  down('MetaLeft', 'Meta', ['Meta']);
  // Cmd+Tab took the release of Command.
  down('KeyC', 'c');
  assert.equal(strokes(), '+ControlLeft -ControlLeft +KeyC');
});

test('the release of a key counts while an input method composes', () => {
  const { keyboard, down, up } = grabbed();
  down('ShiftLeft', 'Shift', ['Shift']);
  down('KeyN', 'Process', ['Shift']);
  up('ShiftLeft', 'Shift', [], { isComposing: true });
  assert.deepEqual(keyboard.held, []);
});

test('PrintScreen is pressed also where only its release arrives, and once where both do', () => {
  const { down, up, strokes } = grabbed();
  down('AltLeft', 'Alt', ['Alt']);
  up('PrintScreen', 'PrintScreen', ['Alt']);
  up('AltLeft', 'Alt');
  assert.equal(strokes(), '+AltLeft +PrintScreen -PrintScreen -AltLeft');
  down('PrintScreen', 'PrintScreen');
  up('PrintScreen', 'PrintScreen');
  up('PrintScreen', 'PrintScreen');
  assert.equal(strokes(), '+PrintScreen -PrintScreen');
});

test('a modifier that cannot be pressed yet is pressed later', () => {
  const { keyboard, send, strokes, atHost } = grabbed();
  send.isOpen = false;
  keyboard.follow(flags('Control'), true);
  assert.deepEqual(atHost(), []);
  send.isOpen = true;
  keyboard.follow(flags('Control'), true);
  keyboard.follow(flags(), true);
  assert.equal(strokes(), '+ControlLeft -ControlLeft');
});
