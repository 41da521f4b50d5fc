/** English is the key; what has no translation stays English. */
const CHINESE = {
  'Connecting to the host…': '正在连接主机…',
  'Disconnected.': '已断开连接。',
  'Reconnecting…': '正在重新连接…',
  'Next try in {seconds} s': '{seconds} 秒后重试',
  'Try again': '重试',
  'The connection to the host was lost.': '与主机的连接已中断。',
  'The host cannot be reached.': '无法连接到主机。',
  'The connection is interrupted.': '连接中断。',
  'The connection was interrupted.': '连接曾中断。',
  'The picture came late.': '画面延迟过高。',
  'The network lets no video through from the host.': '网络阻止了来自主机的视频。',
  'The host sends no video.': '主机没有发送视频。',
  'Nothing that is done here reaches the host.': '此处的操作无法到达主机。',
  'The desktop has ended. It is shown again when it is back.': '桌面已结束，恢复后将重新显示。',
  'The host refused the connection.': '主机拒绝了连接。',
  'This browser cannot receive video by WebRTC.': '此浏览器无法通过 WebRTC 接收视频。',
  'Open the page in another browser.': '请用其他浏览器打开此页面。',
  'Open the address that the host printed.': '请打开主机显示的地址。',
  'Look at the log of the host.': '请查看主机的日志。',
  'Let the host use another encoder, or open the page in another browser.': '请让主机使用其他编码器，或用其他浏览器打开此页面。',
  'Check that UDP is allowed between here and the host.': '请检查此处与主机之间是否允许 UDP。',
  'Check that it runs, and that this device is in its network.': '请检查主机是否在运行，以及本设备是否在同一网络中。',
  'The host is busy.': '主机繁忙。',
  'Somebody may have to leave first.': '可能需要等其他人离开。',
  'Remote desktop': '远程桌面',
  'Text for the desktop': '发送到桌面的文字',
  Connection: '连接',
  Tools: '工具',
  'Show the tools': '显示工具栏',
  'On-screen keyboard': '屏幕键盘',
  More: '更多',
  Keys: '按键',
  'Lock the pointer': '锁定指针',
  'The pointer is locked: Esc or Ctrl+Alt+Shift+P frees it': '指针已锁定：按 Esc 或 Ctrl+Alt+Shift+P 释放',
  'Click to lock the pointer: Esc or Ctrl+Alt+Shift+P frees it': '点击以锁定指针：按 Esc 或 Ctrl+Alt+Shift+P 释放',
  'When needed': '需要时',
  Always: '总是',
  Never: '从不',
  Clipboard: '剪贴板',
  Display: '显示',
  'Full screen': '全屏',
  'Leave full screen': '退出全屏',
  'Hold Esc to leave full screen': '按住 Esc 退出全屏',
  'Press Esc to leave full screen': '按 Esc 退出全屏',
  'Fit the window': '适应窗口',
  'Actual size': '实际大小',
  'Match my window': '匹配我的窗口',
  Shown: '显示范围',
  'Whole desktop': '整个桌面',
  'Window without a title': '无标题窗口',
  'Now shown: {name}': '现在显示：{name}',
  'The whole desktop is shown': '现在显示整个桌面',
  '{name} is gone: the whole desktop is shown': '{name} 已关闭，现在显示整个桌面',
  'Picture in picture': '画中画',
  Screenshot: '截图',
  Record: '录制',
  'Stop recording': '停止录制',
  Recording: '正在录制',
  Statistics: '统计',
  'Copy as JSON': '复制为 JSON',
  'Measure input to eye': '测量输入到画面',
  'From the input to the eye': '从输入到可见',
  'It could not be measured': '无法测量',
  Copied: '已复制',
  Files: '文件',
  'Send to the desktop, or drop them onto the page:': '发送到桌面，或将文件拖到页面上：',
  'Files on the desktop': '桌面上的文件',
  'There are none.': '没有文件。',
  Cancel: '取消',
  sent: '已发送',
  'sent as {name}': '已发送为 {name}',
  'The host does not take the file': '主机不接受此文件',
  'This host knows of no such file.': '主机没有此文件。',
  'Your role may not exchange files.': '您的角色不能交换文件。',
  'There is no room left on the host.': '主机空间不足。',
  'The host takes too many files already.': '主机正在接收的文件过多。',
  'The host cannot write the file.': '主机无法写入文件。',
  People: '用户',
  'Your name': '您的名字',
  Somebody: '某人',
  'Show where the others point': '显示其他人的指针',
  you: '您',
  watching: '观看中',
  'in control': '拥有控制权',
  'asking for the control': '正在请求控制权',
  'Hand over': '移交',
  'Let everybody act': '允许所有人操作',
  'Take the control': '取得控制权',
  'Ask for the control': '请求控制权',
  'Asked for the control': '已请求控制权',
  'You have the control': '您拥有控制权',
  'The person at the desktop is using it': '桌面前的用户正在操作',
  'You may act again': '您可以继续操作',
  'Everybody may act again': '所有人都可操作',
  '{name} has the control': '{name} 拥有控制权',
  '{name} asks for the control': '{name} 请求控制权',
  Settings: '设置',
  Quality: '画质',
  Best: '最佳',
  Good: '良好',
  Sparing: '节省流量',
  Colours: '颜色',
  'As the system': '跟随系统',
  Dark: '深色',
  Light: '浅色',
  Fingers: '触摸',
  'Touch the desktop': '直接触摸桌面',
  'Move the pointer, like a touchpad': '像触摸板一样移动指针',
  'Cmd acts as Ctrl': 'Cmd 键作为 Ctrl',
  'Reset the settings': '重置设置',
  'Clipboard of the desktop': '桌面剪贴板',
  'Picture on the clipboard of the desktop': '桌面剪贴板中的图片',
  'Send to the desktop': '发送到桌面',
  'Copy to this device': '复制到本设备',
  'This is too large for the clipboard: it takes 8 MiB': '内容过大：剪贴板最多 8 MiB',
  'The clipboard could not be sent': '无法发送剪贴板',
  'This page is not secure (https): the browser keeps back the keyboard lock, the automatic clipboard (paste and the panel work) and the finest motion of the pointer.':
    '此页面不是安全连接（https）：浏览器不提供键盘锁定、自动剪贴板（可使用粘贴和面板）和最精细的指针移动。',
  Frames: '帧率',
  Bitrate: '码率',
  Loss: '丢包',
  'Round trip': '往返时间',
  'Jitter buffer': '抖动缓冲',
  Decoding: '解码',
  'The way of a frame': '一帧的路程',
  'median (95 %)': '中位数（95 %）',
  Capture: '捕获',
  Convert: '转换',
  Encode: '编码',
  Packetize: '打包',
  Network: '网络',
  'Wait for decoder and screen': '等待解码与屏幕',
  Decode: '解码',
  Present: '呈现',
  'From the change to the eye': '从变化到可见',
  Codec: '编解码器',
  Encoder: '编码器',
  Picture: '画面',
  Route: '路径',
  direct: '直连',
  reflexive: '经 NAT',
  relayed: '经中继',
};

/** Sentences with something in them that is only known later. @type {[RegExp, string][]} */
const CHINESE_PATTERNS = [
  [/^The host takes files of (\d+) MiB at most\.$/, '主机最多接受 $1 MiB 的文件。'],
  [/^The host refused the connection: (.*)$/, '主机拒绝了连接：$1'],
  [/^The host offers only (.*), which this browser cannot play(.*)\.$/, '主机只提供 $1，此浏览器无法播放$2。'],
  [/^This browser cannot play the video of the host(.*)\.$/, '此浏览器无法播放主机的视频$1。'],
];

/**
 * Says it in the viewer's language.
 *
 * @param {string} text English
 * @param {Record<string, string | number>} [values] for the names in braces
 * @param {string} [language]
 * @returns {string}
 */
export function t(text, values = {}, language = globalThis.navigator?.language ?? 'en') {
  const said = /^zh\b/i.test(language) ? inChinese(text) : text;
  return said.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @param {string} text */
function inChinese(text) {
  const exact = /** @type {Record<string, string>} */ (CHINESE)[text];
  if (exact !== undefined) return exact;
  const [pattern, said] = CHINESE_PATTERNS.find(([each]) => each.test(text)) ?? [];
  return pattern && said ? text.replace(pattern, said) : text;
}

/**
 * Translates what the page itself says: its texts, labels and titles.
 *
 * @param {Document} document
 * @param {string} [language]
 */
export function translatePage(document, language = navigator.language) {
  if (!/^zh\b/i.test(language)) return;
  document.documentElement.lang = 'zh-CN';
  for (const element of document.querySelectorAll('[data-t]')) {
    element.textContent = t(element.textContent ?? '', {}, language);
  }
  for (const name of ['aria-label', 'title', 'alt']) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      element.setAttribute(name, t(element.getAttribute(name) ?? '', {}, language));
    }
  }
}
