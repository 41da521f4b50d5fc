import { Attention } from './attention.js';
import { CHORDS, EXTRA_KEYS, StickyKeys, strike } from './chords.js';
import { Clipboard } from './clipboard.js';
import { Cursor } from './cursor.js';
import { Fit } from './fit.js';
import { FullScreen } from './fullscreen.js';
import { framePixel } from './letterbox.js';
import { lockPointer } from './pointer-lock.js';
import { Recorder, download, fileName, screenshot } from './recorder.js';
import { Stages } from './stages.js';
import { StatsPanel } from './stats-panel.js';
import { t } from './strings.js';
import { Toolbar, part } from './toolbar.js';
import { Touch } from './touch.js';

/** @import { InputExtras } from './input.js' */
/** @import { Settings, Values } from './settings.js' */
/** @import { WebRTCManager } from './peer.js' */

/** What the page has around the picture: its tools, what they do with the stream, and what the viewer has chosen. */
export class Controls {
  #document;
  #video;
  #field;
  #settings;
  /** @type {WebRTCManager | null} */
  #manager = null;
  #touch;
  #cursor;
  #fit;
  #fullScreen;
  #toolbar;
  #clipboard;
  #recorder;
  #stickyKeys;
  #statsPanel;
  #stages = new Stages();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #hintEnd;

  /**
   * @param {Document} document the page
   * @param {object} options
   * @param {Settings} options.settings
   * @param {boolean} options.isMac
   */
  constructor(document, { settings, isMac }) {
    this.#document = document;
    this.#settings = settings;
    this.isMac = isMac;
    this.#video = /** @type {HTMLVideoElement} */ (this.#part('#screen'));
    this.#field = /** @type {HTMLTextAreaElement} */ (this.#part('#field'));
    this.#cursor = new Cursor(this.#video);
    this.#fit = new Fit({
      video: this.#video,
      frame: () => this.#frame,
      stage: this.#part('#stage'),
      root: document.documentElement,
      resize: (size) => this.#send('resize', size ? { ...size, enabled: true } : { enabled: false }),
      onScale: (scale) => this.#cursor.setScale(scale),
    });
    this.#touch = new Touch({
      locate: (client) => framePixel(client, this.#video.getBoundingClientRect(), this.#frame),
      send: this.#send,
      zoom: (change) => this.#fit.zoom(change),
    });
    const { clipboard } = navigator;
    this.#clipboard = new Clipboard({
      send: this.#send,
      write: clipboard ? (text) => clipboard.writeText(text) : null,
    });
    this.#stickyKeys = new StickyKeys(this.#send, (down) => this.#showSticky(down));
    this.#recorder = new Recorder({ save: download, onChange: (isRecording) => this.#showRecording(isRecording) });
    this.#statsPanel = new StatsPanel(this.#part('#stats'), {
      connection: () => this.#manager?.peerConnection ?? null,
      stages: this.#stages,
    });
    this.#fullScreen = new FullScreen(document, {
      hint: (text) => this.#hint(text),
      onChange: (isFull) => this.#press('fullscreen', isFull),
    });
    this.#toolbar = new Toolbar(this.#part('#tools'), {
      onPanel: (panel) => panel === 'clipboard' && this.#showClip(),
      onLeave: () => this.focus(),
    });
  }

  /** What the stream's input is made with. @returns {InputExtras} */
  get input() {
    return {
      field: this.#field,
      touch: this.#touch,
      typed: (text) => this.#stickyKeys.take(text),
      keyboard: {
        isMac: this.isMac,
        metaIsControl: () => this.#settings.values.metaIsControl,
        paste: (then) => this.#clipboard.expectPaste(then),
      },
    };
  }

  /** Where measurements of a frame's way are given. */
  get stages() {
    return this.#stages;
  }

  /**
   * Connects the tools with the stream.
   *
   * @param {WebRTCManager} manager
   */
  attach(manager) {
    this.#manager = manager;
    const attention = new Attention(this.#document, {
      setPaused: (paused) => this.#send('pause', { paused }),
      isNeeded: () => this.#recorder.isRecording || Boolean(this.#document.pictureInPictureElement),
    });
    const opened = () => {
      const { kbps, viewOnly } = this.#settings.address;
      if (!viewOnly) this.#tellPointer();
      if (kbps !== null) this.#send('set-bitrate', { kbps });
      else if (this.#settings.values.quality < 100) this.#send('set-quality', { percent: this.#settings.values.quality });
      this.#fit.update();
      attention.renew();
    };
    manager.addEventListener('datachannel', (event) => {
      const channel = /** @type {CustomEvent<RTCDataChannel>} */ (event).detail;
      if (channel.readyState === 'open') opened();
      else channel.addEventListener('open', opened);
    });
    manager.addEventListener('message', (event) => this.#hear(/** @type {CustomEvent} */ (event).detail));
    manager.addEventListener('frame', () => this.#fit.update());
    manager.addEventListener('peerclosed', () => this.#recorder.stop());
    this.#listen();
    this.#fillKeys();
    this.#apply();
    this.#settings.addEventListener('change', () => this.#apply());
  }

  /** The tools are put away. */
  close() {
    this.#toolbar.close();
  }

  /** The desktop has the keyboard. */
  focus() {
    this.#field.focus({ preventScroll: true });
  }

  /** @type {import('./keyboard.js').Send} */
  #send = (type, data) => this.#manager?.sendInput(type, data) ?? false;

  get #frame() {
    return this.#manager?.frameSize ?? { width: 0, height: 0 };
  }

  get #isLocked() {
    return this.#document.pointerLockElement === this.#video;
  }

  #listen() {
    const { viewOnly, hasTools } = this.#settings.address;
    const document = this.#document;
    this.#part('#tools').hidden = !hasTools;
    this.#part('#insecure').hidden = globalThis.isSecureContext;
    for (const name of viewOnly ? ['keyboard', 'lock'] : []) this.#button(name).hidden = true;
    for (const name of viewOnly ? ['keys', 'clipboard'] : []) this.#part(`[data-panel="${name}"]`).hidden = true;
    this.#button('fullscreen').hidden = !this.#fullScreen.isPossible;
    this.#button('pip').hidden = !document.pictureInPictureEnabled;
    this.#button('record').hidden = !('MediaRecorder' in globalThis);
    document.addEventListener('click', (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest('[data-act]');
      if (!button) return;
      void this.#act(/** @type {HTMLElement} */ (button).dataset.act ?? '');
      // A button beside the tools has done its work: the desktop has the keyboard again.
      if (!button.closest('#tools')) this.focus();
    });
    document.addEventListener('change', (event) => this.#choose(/** @type {HTMLInputElement} */ (event.target)));
    document.addEventListener('keydown', (event) => this.#shortcut(event), { capture: true });
    document.addEventListener('pointerlockchange', () => this.#showLock());
    for (const type of ['pointerup', 'keydown']) document.addEventListener(type, () => this.#clipboard.gesture());
    this.#field.addEventListener('paste', (event) => {
      event.preventDefault();
      if (!this.#clipboard.paste(event.clipboardData?.getData('text/plain') ?? '')) this.#tooLong();
    });
    this.#field.addEventListener('blur', () => this.#stickyKeys.release());
    this.#video.addEventListener('pointerdown', () => this.#toolbar.close());
    addEventListener('resize', () => this.#fit.update());
    visualViewport?.addEventListener('resize', () => this.#placeExtra());
  }

  /** @param {string} name of a tool */
  async #act(name) {
    switch (name) {
      case 'keyboard':
        return this.#toggleKeyboard();
      case 'lock':
        return this.#toggleLock();
      case 'fullscreen':
        return this.#fullScreen.toggle().catch(() => {});
      case 'stats':
        return this.#settings.set({ stats: !this.#settings.values.stats });
      case 'stats-copy':
        return this.#copy(this.#statsPanel.json);
      case 'clip-send':
        return this.#clipboard.offer(this.#clip.value) || this.#tooLong();
      case 'clip-copy':
        return this.#copy(this.#clip.value);
      case 'pip':
        return this.#togglePictureInPicture().catch(() => {});
      case 'screenshot': {
        const image = await screenshot(this.#video);
        return image && download(image, fileName('png'));
      }
      case 'record':
        return this.#toggleRecording();
      case 'reset':
        return this.#settings.reset();
    }
  }

  /** @param {HTMLInputElement} input */
  #choose(input) {
    const value = input.type === 'checkbox' ? input.checked : input.name === 'quality' ? Number(input.value) : input.value;
    if (!(input.name in this.#settings.values)) return;
    this.#settings.set({ [input.name]: value });
    if (input.name === 'quality') this.#send('set-quality', { percent: Number(value) });
  }

  /** Everything is as the settings say. */
  #apply() {
    const { values } = this.#settings;
    this.#document.documentElement.dataset.theme = values.theme;
    this.#fit.setMode(values.fit);
    this.#touch.setMode(values.touch);
    this.#statsPanel.show(values.stats);
    this.#press('stats', values.stats);
    this.#tellPointer();
    for (const [name, value] of /** @type {[keyof Values, any][]} */ (Object.entries(values))) {
      for (const each of this.#document.querySelectorAll(`[name="${name}"]`)) {
        const input = /** @type {HTMLInputElement} */ (each);
        if (input.type === 'checkbox') input.checked = value;
        else if (input.type === 'radio') input.checked = input.value === value;
        else input.value = String(value);
      }
    }
  }

  /** @param {{type: string, data: any}} message of the host */
  #hear({ type, data }) {
    if (type === 'system') this.#fit.update();
    if (type === 'cursor' && !this.#settings.address.viewOnly) this.#cursor.show(data);
    if (type === 'clipboard' && !this.#settings.address.viewOnly) {
      this.#clipboard.receive(data);
      this.#showClip();
    }
  }

  /** The host draws the pointer into the picture where the browser has none to show. */
  #tellPointer() {
    if (this.#settings.address.viewOnly) return;
    this.#send('pointer', { visible: this.#isLocked || (isTouchOnly() && this.#touch.mode === 'trackpad') });
  }

  /** @param {KeyboardEvent} event */
  #shortcut(event) {
    if (!event.ctrlKey || !event.altKey || !event.shiftKey) return;
    const act = { KeyM: () => this.#toolbar.focus(), KeyP: () => this.#toggleLock(), KeyF: () => this.#fullScreen.toggle() };
    const chosen = /** @type {Record<string, () => unknown>} */ (act)[event.code];
    if (!chosen || this.#settings.address.viewOnly) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#send('release-all', {});
    chosen();
  }

  async #toggleLock() {
    if (this.#isLocked) return this.#document.exitPointerLock();
    await lockPointer(this.#video);
    this.focus();
  }

  #showLock() {
    this.#press('lock', this.#isLocked);
    this.#tellPointer();
    if (this.#isLocked) this.#hint(t('The pointer is locked: Esc or Ctrl+Alt+Shift+P frees it'));
  }

  #toggleKeyboard() {
    const isShown = this.#field.inputMode === 'none';
    // A browser looks at the mode when the field gets the focus.
    this.#field.blur();
    this.#field.inputMode = isShown ? 'text' : 'none';
    this.focus();
    this.#part('#extra').hidden = !isShown;
    this.#press('keyboard', isShown);
    this.#placeExtra();
  }

  #placeExtra() {
    const view = globalThis.visualViewport;
    const bottom = view ? view.offsetTop + view.height : innerHeight;
    this.#document.documentElement.style.setProperty('--visible-bottom', `${bottom}px`);
  }

  async #togglePictureInPicture() {
    if (this.#document.pictureInPictureElement) await this.#document.exitPictureInPicture();
    else await this.#video.requestPictureInPicture();
  }

  #toggleRecording() {
    const stream = this.#video.srcObject;
    if (this.#recorder.isRecording) this.#recorder.stop();
    else if (stream instanceof MediaStream) this.#recorder.start(stream);
  }

  /** @param {boolean} isRecording */
  #showRecording(isRecording) {
    this.#part('#recording').hidden = !isRecording;
    this.#part('#display [data-act="record"]').textContent = t(isRecording ? 'Stop recording' : 'Record');
  }

  #fillKeys() {
    const keys = Object.entries(CHORDS).map(([name, names]) => keyButton(name, () => strike(this.#send, names)));
    this.#part('#keys').replaceChildren(...keys);
    const extra = Object.entries(EXTRA_KEYS).map(([name, key]) => {
      const button = keyButton(name, () => this.#stickyKeys.tap(key));
      button.dataset.key = key;
      return button;
    });
    const row = this.#part('#extra');
    row.replaceChildren(...extra);
    // The focus stays in the field, or the keyboard would go away.
    row.addEventListener('mousedown', (event) => event.preventDefault());
  }

  /** @param {ReadonlySet<string>} down */
  #showSticky(down) {
    for (const each of this.#part('#extra').children) {
      each.setAttribute('aria-pressed', String(down.has(/** @type {HTMLElement} */ (each).dataset.key ?? '')));
    }
  }

  get #clip() {
    return /** @type {HTMLTextAreaElement} */ (this.#part('#clip'));
  }

  #showClip() {
    if (this.#document.activeElement !== this.#clip) this.#clip.value = this.#clipboard.text;
  }

  /** @param {string} text */
  async #copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      if (!this.#copyBySelection(text)) return;
    }
    this.#hint(t('Copied'));
  }

  /**
   * The old way, for pages that are not secure.
   *
   * @param {string} text
   */
  #copyBySelection(text) {
    const area = this.#document.createElement('textarea');
    area.value = text;
    this.#document.body.append(area);
    area.select();
    const isCopied = this.#document.execCommand('copy');
    area.remove();
    return isCopied;
  }

  #tooLong() {
    this.#hint(t('The text is too long for the clipboard'));
  }

  /** @param {string} text */
  #hint(text) {
    const line = this.#part('#hint');
    line.textContent = text;
    line.hidden = false;
    clearTimeout(this.#hintEnd);
    this.#hintEnd = setTimeout(() => (line.hidden = true), HINT_MS);
  }

  /**
   * @param {string} name
   * @param {boolean} isPressed
   */
  #press(name, isPressed) {
    this.#button(name).setAttribute('aria-pressed', String(isPressed));
  }

  /** @param {string} name of a tool */
  #button(name) {
    return this.#part(`#tools [data-act="${name}"]`);
  }

  /** @param {string} selector */
  #part(selector) {
    return part(this.#document, selector);
  }
}

/**
 * @param {string} name
 * @param {() => void} onClick
 */
function keyButton(name, onClick) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = name;
  button.addEventListener('click', onClick);
  return button;
}

function isTouchOnly() {
  return !matchMedia('(any-pointer: fine)').matches;
}

const HINT_MS = 4000;
