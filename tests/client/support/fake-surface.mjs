/** A minimal video element for the input. */
export class FakeSurface extends EventTarget {
  ownerDocument = { pointerLockElement: null };
  captured = [];
  focused = 0;

  constructor(box = { left: 0, top: 0, width: 640, height: 480 }) {
    super();
    this.box = box;
  }

  getBoundingClientRect() {
    return this.box;
  }

  setPointerCapture(id) {
    this.captured.push(id);
  }

  focus() {
    this.focused += 1;
  }

  /** Dispatches an event with these fields and returns it. */
  fire(type, fields = {}) {
    const event = Object.assign(new Event(type, { cancelable: true }), fields);
    this.dispatchEvent(event);
    return event;
  }
}

/** A `send` that records its calls as `[type, data]` and returns `isOpen`. */
export function recorder() {
  const sent = [];
  const send = (type, data) => {
    if (send.isOpen) sent.push([type, data]);
    return send.isOpen;
  };
  send.isOpen = true;
  return { send, sent };
}
