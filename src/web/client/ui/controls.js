import { Visibility } from '../media/visibility.js';
import { ClipboardPanel } from './clipboard-panel.js';
import { Cursor } from './cursor.js';
import { DisplayWatch } from '../media/display-watch.js';
import { FilesPanel } from './files-panel.js';
import { Fit } from './fit.js';
import { FrameTimes } from '../media/frame-times.js';
import { FullScreen } from './fullscreen.js';
import { framePixel, isOnFrame } from '../media/letterbox.js';
import { OnScreenKeys } from './on-screen-keys.js';
import { RemoteCursors } from './remote-cursors.js';
import { PeoplePanel } from './people-panel.js';
import { PointerCapture } from './pointer-capture.js';
import { PhotonMeter } from '../media/photon.js';
import { lockPointer } from '../input/pointer-lock.js';
import { Recorder, download, fileName, screenshot } from '../media/recorder.js';
import { Stages } from '../media/stages.js';
import { StatsPanel } from './stats-panel.js';
import { t } from './strings.js';
import { Toolbar, part } from './toolbar.js';
import { Touch } from '../input/touch.js';
import { ViewsPanel } from './views-panel.js';

/** @import { InputExtras } from '../input/input.js' */
/** @import { Settings, Values } from './settings.js' */
/** @import { WebRTCManager } from '../peer.js' */

/** The page around the video: connects the tools and the settings with the stream. */
export class Controls {
  #document;
  #video;
  #field;
  #settings;
  #isMac;
  /** @type {WebRTCManager | null} */
  #manager = null;
  #touch;
  #cursor;
  #capture;
  #others;
  #files;
  #fit;
  #fullScreen;
  #toolbar;
  #clipboard;
  #recorder;
  #keys;
  #people;
  #statsPanel;
  #views;
  #frameTimes;
  #photon;
  /** The cursor of the desktop. @type {import('./cursor.js').HostCursor | null} */
  #hostCursor = null;
  #onControlChange;
  /** Permissions from the host; null: all. @type {string[] | null} */
  #permissions = null;
  /** The last quality sent; a host starts with its best. */
  #sentQuality = 100;
  /** The last `visible` sent; a host starts with the cursor in the video. */
  #sentPointer = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #hintEnd;

  /**
   * @param {Document} document the page
   * @param {object} options
   * @param {Settings} options.settings
   * @param {boolean} options.isMac
   * @param {() => void} options.onControlChange `canControl` has changed
   */
  constructor(document, { settings, isMac, onControlChange }) {
    this.#document = document;
    this.#settings = settings;
    this.#isMac = isMac;
    this.#onControlChange = onControlChange;
    this.#video = /** @type {HTMLVideoElement} */ (this.#part('#screen'));
    this.#field = /** @type {HTMLTextAreaElement} */ (this.#part('#field'));
    this.#cursor = new Cursor(this.#video);
    this.#capture = new PointerCapture({
      lock: () => this.#lock(),
      unlock: () => document.exitPointerLock(),
      hint: (text) => this.canControl && this.#hint(text),
    });
    this.#others = new RemoteCursors(this.#part('#others'), {
      video: this.#video,
      frame: () => this.#frame,
      send: this.#send,
    });
    this.#fit = new Fit({
      video: this.#video,
      frame: () => this.#frame,
      stage: this.#part('#stage'),
      root: document.documentElement,
      resize: (size) => this.#resize(size),
      onScale: (scale) => {
        this.#cursor.setScale(scale);
        this.#others.update();
      },
    });
    this.#touch = new Touch({
      locate: (client) => framePixel(client, this.#video.getBoundingClientRect(), this.#frame),
      isInside: (client) => isOnFrame(client, this.#video.getBoundingClientRect(), this.#frame),
      send: this.#send,
      zoom: (change) => this.#fit.zoom(change),
    });
    this.#clipboard = new ClipboardPanel(document, {
      send: this.#send,
      hint: (text) => this.#hint(text),
      client: () => this.#people.clientId,
      may: (permission) => this.#may(permission),
      pause: (work, stroke) => this.#manager?.pauseInput(work, stroke),
    });
    this.#people = new PeoplePanel(document, { hint: (text) => this.#hint(text), onChange: () => this.#controlChanged() });
    this.#views = new ViewsPanel(document, { send: this.#send, hint: (text) => this.#hint(text) });
    this.#keys = new OnScreenKeys(document, this.#send, (stroke) => this.#clipboard.expectPaste(stroke));
    this.#files = new FilesPanel(document, {
      may: (permission) => this.#may(permission, false),
      onDrop: () => this.#toolbar.show('files'),
    });
    this.#recorder = new Recorder({ save: download, onChange: (isRecording) => this.#showRecording(isRecording) });
    const stages = new Stages();
    this.#frameTimes = new FrameTimes(this.#video, { send: this.#send, stages });
    new DisplayWatch(() => this.canControl && this.#send('display-late', {})).watch(this.#video);
    this.#photon = new PhotonMeter(this.#video, { frame: () => this.#frame, send: this.#send });
    this.#statsPanel = new StatsPanel(this.#part('#stats'), {
      connection: () => this.#manager?.peerConnection ?? null,
      stages,
      encoder: () => this.#frameTimes.encoder,
    });
    this.#fullScreen = new FullScreen(document, {
      hint: (text) => this.#hint(text),
      onChange: (isFull) => this.#press('fullscreen', isFull),
    });
    this.#toolbar = new Toolbar(this.#part('#tools'), {
      onPanel: (panel) => {
        if (panel === 'clipboard') this.#clipboard.show();
        if (panel === 'files') this.#files.show();
      },
      onLeave: () => this.focus(),
      narrow: matchMedia(NARROW),
    });
  }

  /** Options for the input of the stream. @returns {InputExtras} */
  get input() {
    return {
      field: this.#field,
      touch: this.#touch,
      typed: (text) => this.#keys.take(text),
      zoom: (change) => this.#fit.zoom(change),
      keyboard: {
        isMac: this.#isMac,
        metaIsControl: () => this.#settings.values.metaIsControl,
        paste: (stroke) => this.#clipboard.expectPaste(stroke),
      },
    };
  }

  /**
   * Connects the tools to the stream.
   *
   * @param {WebRTCManager} manager
   */
  attach(manager) {
    this.#manager = manager;
    this.#people.attach(manager.signaling);
    const visibility = new Visibility(this.#document, {
      setPaused: (paused) => this.#send('pause', { paused }),
      isNeeded: () => this.#recorder.isRecording || Boolean(this.#document.pictureInPictureElement),
    });
    const opened = () => {
      const { kbps } = this.#settings.address;
      this.#sentPointer = true;
      this.#sendPointer();
      this.#sentQuality = 100;
      if (kbps !== null) this.#send('set-bitrate', { kbps });
      else this.#sendQuality();
      this.#fit.update();
      visibility.renew();
      this.#frameTimes.renew();
      this.#capture.renew();
      this.#others.renew();
    };
    manager.addEventListener('datachannel', (event) => {
      const channel = /** @type {CustomEvent<RTCDataChannel>} */ (event).detail;
      if (channel.readyState === 'open') opened();
      else channel.addEventListener('open', opened);
    });
    manager.addEventListener('message', (event) => this.#receive(/** @type {CustomEvent} */ (event).detail));
    manager.addEventListener('frame', () => this.#fit.update());
    manager.addEventListener('peerclosed', () => {
      this.#recorder.stop();
      this.#capture.renew();
      this.#others.renew();
    });
    this.#listen();
    this.#showTools();
    this.#apply();
    this.#settings.addEventListener('change', () => this.#apply());
  }

  /**
   * True if keyboard, pointer and clipboard go to the desktop: the role permits it, no other viewer has control, and the
   * address does not say `view=1`.
   */
  get canControl() {
    return this.#may('pointer') && this.#people.isGranted && !this.#settings.address.viewOnly;
  }

  /** @param {string[] | null} permissions from the host; null: all */
  setPermissions(permissions) {
    this.#permissions = permissions;
    this.#controlChanged();
  }

  /** Closes the tools. */
  close() {
    this.#toolbar.close();
  }

  /** Gives the desktop the keyboard focus. */
  focus() {
    this.#field.focus({ preventScroll: true });
  }

  /**
   * @param {string} permission
   * @param {boolean} [otherwise] the result if the host sends no permissions
   */
  #may(permission, otherwise = true) {
    return this.#permissions?.includes(permission) ?? otherwise;
  }

  /** @type {import('../connection/input-channel.js').Send} */
  #send = (type, data) => this.#manager?.sendInput(type, data) ?? false;

  get #frame() {
    return this.#manager?.frameSize ?? { width: 0, height: 0 };
  }

  get #isLocked() {
    return this.#document.pointerLockElement === this.#video;
  }

  #listen() {
    const document = this.#document;
    document.addEventListener('click', (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest('[data-act]');
      if (!button) return;
      void this.#act(/** @type {HTMLElement} */ (button).dataset.act ?? '');
      // A button outside the tools is done: focus the desktop again.
      if (!button.closest('#tools')) this.focus();
    });
    document.addEventListener('change', (event) => this.#choose(/** @type {HTMLInputElement} */ (event.target)));
    document.addEventListener('keydown', (event) => this.#shortcut(event), { capture: true });
    document.addEventListener('pointerlockchange', () => this.#showLock());
    this.#video.addEventListener('pointerdown', ({ pointerType, button }) => {
      this.#toolbar.close();
      if (this.canControl && !this.#isLocked && button === 2) this.#clipboard.prepare();
      if (this.canControl && !this.#isLocked && pointerType === 'mouse') this.#capture.pressed();
    });
    this.#part('#stage').addEventListener('scroll', () => this.#others.update());
    addEventListener('resize', () => this.#fit.update());
  }

  /** Hides the tools that this browser does not support or this viewer has no permission for. */
  #showTools() {
    const { canControl } = this;
    this.#part('#tools').hidden = !this.#settings.address.hasTools;
    this.#part('#insecure').hidden = globalThis.isSecureContext;
    for (const name of ['keyboard', 'lock']) this.#button(name).hidden = !canControl;
    this.#part('[data-act="stats-measure"]').hidden = !canControl || !('requestVideoFrameCallback' in this.#video);
    this.#part('[data-panel="keys"]').hidden = !canControl;
    const [reads, writes] = [this.#may('clipboard-read'), this.#may('clipboard-write')];
    this.#part('[data-panel="clipboard"]').hidden = !canControl || !(reads || writes);
    this.#button('clip-send').hidden = !writes;
    this.#button('clip-copy').hidden = !reads;
    this.#part('[data-panel="files"]').hidden = !this.#may('upload', false) && !this.#may('download', false);
    this.#views.setMayChoose(canControl && this.#may('settings'));
    this.#button('fullscreen').hidden = !this.#fullScreen.isPossible;
    this.#button('pip').hidden = !this.#document.pictureInPictureEnabled;
    this.#button('record').hidden = !('MediaRecorder' in globalThis);
  }

  /** @param {string} name of a tool */
  async #act(name) {
    switch (name) {
      case 'keyboard':
        return this.#press('keyboard', this.#keys.toggle());
      case 'lock':
        return this.#toggleLock();
      case 'fullscreen':
        return this.#fullScreen.toggle().catch(() => {});
      case 'stats':
        return this.#settings.set({ stats: !this.#settings.values.stats });
      case 'stats-copy':
        return this.#clipboard.copy(this.#statsPanel.json);
      case 'stats-measure':
        return this.#measure();
      case 'clip-send':
        return this.#clipboard.offer();
      case 'clip-copy':
        return this.#clipboard.copyPanel();
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
    if (input.name in this.#settings.values) this.#settings.set({ [input.name]: value });
  }

  /** Applies the settings. */
  #apply() {
    const { values } = this.#settings;
    this.#document.documentElement.dataset.theme = values.theme;
    this.#fit.setMode(values.fit);
    this.#touch.setMode(values.touch);
    this.#capture.setMode(values.capture);
    this.#others.show(values.others);
    this.#people.setName(values.name);
    this.#statsPanel.show(values.stats);
    this.#frameTimes.setWanted(values.stats);
    this.#press('stats', values.stats);
    this.#button('stats').hidden = this.#settings.isPinned('stats');
    this.#sendPointer();
    this.#sendQuality();
    for (const [name, value] of /** @type {[keyof Values, any][]} */ (Object.entries(values))) {
      for (const each of this.#document.querySelectorAll(`[name="${name}"]`)) {
        const input = /** @type {HTMLInputElement} */ (each);
        input.disabled = this.#settings.isPinned(name);
        if (input.type === 'checkbox') input.checked = value;
        else if (input.type === 'radio') input.checked = input.value === value;
        else input.value = String(value);
      }
    }
  }

  /** @param {{type: string, data: any}} message from the host */
  #receive(message) {
    const { type, data } = message;
    this.#frameTimes.receive(message);
    this.#capture.receive(message);
    this.#others.receive(message);
    this.#photon.receive(message);
    if (type === 'system') this.#fit.update();
    if (type === 'views') this.#views.receive(data);
    if (type === 'untyped' && this.canControl) this.#hint(t(UNTYPED));
    if (type === 'cursor') {
      this.#hostCursor = data;
      this.#showCursor();
    }
    if (type === 'clipboard' && this.canControl) this.#clipboard.receive(data);
    if (type === 'clipboard-large' && this.canControl) void this.#clipboard.fetch();
    if (type === 'clipboard-unavailable' && this.canControl) this.#clipboard.miss(data);
  }

  /** Control or permissions have changed. */
  #controlChanged() {
    this.#showTools();
    this.#showCursor();
    this.#sendPointer();
    this.#onControlChange();
  }

  #showCursor() {
    if (this.canControl && this.#hostCursor) this.#cursor.show(this.#hostCursor);
    else this.#cursor.reset();
  }

  /** Asks the host to draw the cursor into the video where the browser shows none. */
  #sendPointer() {
    const visible = !this.canControl || this.#isLocked || (isTouchOnly() && this.#touch.mode === 'trackpad');
    if (visible !== this.#sentPointer && this.#send('pointer', { visible })) this.#sentPointer = visible;
  }

  #sendQuality() {
    const { quality } = this.#settings.values;
    if (quality === this.#sentQuality) return;
    if (this.#send('set-quality', { percent: quality })) this.#sentQuality = quality;
  }

  /** @param {import('../media/letterbox.js').Size | null} size of the desktop; null: its original one */
  #resize(size) {
    // Only the whole desktop can match the window, not a part of it.
    if (!this.canControl || (size && !this.#views.isWhole)) return false;
    const isAsked = this.#send('resize', size ? { ...size, enabled: true } : { enabled: false });
    if (isAsked && size) this.#send('scale', { scale: globalThis.devicePixelRatio });
    return isAsked;
  }

  /** @param {KeyboardEvent} event */
  #shortcut(event) {
    if (!event.ctrlKey || !event.altKey || !event.shiftKey) return;
    const act = { KeyM: () => this.#toolbar.focus(), KeyP: () => this.#act('lock'), KeyF: () => this.#act('fullscreen') };
    const chosen = /** @type {Record<string, () => unknown>} */ (act)[event.code];
    const isOffered = event.code === 'KeyM' ? this.#settings.address.hasTools : this.canControl;
    if (!chosen || !isOffered) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#send('release-all', {});
    chosen();
  }

  async #toggleLock() {
    if (this.#isLocked) return this.#document.exitPointerLock();
    await this.#lock();
  }

  async #lock() {
    await lockPointer(this.#video);
    this.focus();
  }

  #showLock() {
    this.#press('lock', this.#isLocked);
    this.#sendPointer();
    if (this.#isLocked) this.#hint(t('Pointer locked: Esc or Ctrl+Alt+Shift+P releases it'));
    else this.#capture.freed();
  }

  async #measure() {
    const button = /** @type {HTMLButtonElement} */ (this.#part('[data-act="stats-measure"]'));
    button.disabled = true;
    const photon = await this.#photon.measure().catch(() => null);
    button.disabled = false;
    if (photon) this.#statsPanel.setPhoton(photon);
    else this.#hint(t('The latency could not be measured'));
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

  /** @param {string} text */
  #hint(text) {
    const element = this.#part('#hint');
    element.textContent = text;
    element.hidden = false;
    clearTimeout(this.#hintEnd);
    this.#hintEnd = setTimeout(() => (element.hidden = true), HINT_MS);
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

function isTouchOnly() {
  return !matchMedia('(any-pointer: fine)').matches;
}

const UNTYPED = 'The desktop’s keyboard has no key left for this character: paste the text';
const HINT_MS = 4000;
/** Too narrow for all tools in a row. */
const NARROW = '(max-width: 30rem)';
