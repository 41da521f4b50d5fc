/** Translations by the English text; a text without one stays English. */
const CHINESE = {
  'Connecting to the host…': '正在连接主机…',
  'Disconnected.': '已断开连接。',
  'Reconnecting…': '正在重新连接…',
  'Retrying in {seconds} s': '{seconds} 秒后重试',
  'Try again': '重试',
  'The connection to the host was lost.': '与主机的连接已中断。',
  'The host cannot be reached.': '无法连接到主机。',
  'The connection is interrupted.': '连接暂时中断。',
  'The connection was interrupted.': '连接已中断。',
  'The video was delayed.': '视频延迟过高。',
  'The network blocks video from the host.': '网络阻止了来自主机的视频。',
  'The host sends no video.': '主机没有发送视频。',
  'Your input does not reach the host.': '您的操作无法传到主机。',
  'The desktop has ended. It is shown again when it is back.': '桌面已结束，恢复后将重新显示。',
  'The host refused the connection.': '主机拒绝了连接。',
  'This browser cannot receive video over WebRTC.': '此浏览器无法通过 WebRTC 接收视频。',
  'Open the page in another browser.': '请用其他浏览器打开此页面。',
  'Open the address that the host printed.': '请打开主机显示的地址。',
  'Check the log of the host.': '请查看主机日志。',
  'Choose another encoder on the host, or open the page in another browser.': '请在主机上选用其他编码器，或用其他浏览器打开此页面。',
  'Check that UDP is allowed between this device and the host.': '请检查本设备与主机之间是否允许 UDP。',
  'Check that the host is running and that this device is on its network.': '请检查主机是否在运行，以及本设备是否在其网络中。',
  'The host is busy.': '主机繁忙。',
  'Another viewer may have to disconnect first.': '可能需要等其他用户断开连接。',
  'Remote desktop': '远程桌面',
  'Text input for the desktop': '桌面文字输入',
  Connection: '连接',
  Tools: '工具',
  'Show the tools': '显示工具栏',
  'On-screen keyboard': '屏幕键盘',
  More: '更多',
  Keys: '按键',
  'Lock the pointer': '锁定指针',
  'Pointer locked: Esc or Ctrl+Alt+Shift+P releases it': '指针已锁定：按 Esc 或 Ctrl+Alt+Shift+P 释放',
  'Click to lock the pointer: Esc or Ctrl+Alt+Shift+P releases it': '点击以锁定指针，按 Esc 或 Ctrl+Alt+Shift+P 释放',
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
  View: '显示范围',
  'Whole desktop': '整个桌面',
  'Untitled window': '无标题窗口',
  'Now showing: {name}': '现在显示：{name}',
  'Now showing the whole desktop': '现在显示整个桌面',
  '{name} is gone: now showing the whole desktop': '{name} 已不可用，现在显示整个桌面',
  'Picture in picture': '画中画',
  Screenshot: '截图',
  Record: '录制',
  'Stop recording': '停止录制',
  Recording: '正在录制',
  Statistics: '统计',
  'Copy as JSON': '复制为 JSON',
  'Measure input-to-photon latency': '测量输入到显示的延迟',
  'Input to photon': '输入到显示',
  'The latency could not be measured': '无法测量延迟',
  Copied: '已复制',
  Files: '文件',
  'Send files to the desktop, or drop them onto the page:': '将文件发送到桌面，或拖放到页面上：',
  'Files on the desktop': '桌面上的文件',
  'No files.': '没有文件。',
  Cancel: '取消',
  sent: '已发送',
  'sent as {name}': '已发送为 {name}',
  'The host refused the file': '主机拒绝了此文件',
  'This host knows of no such file.': '主机没有此文件。',
  'Sign in': '登录',
  'Password:': '密码：',
  'Open the address that the host printed, or enter the token from it:': '请打开主机显示的地址，或输入其中的令牌：',
  'The proxy in front of this host has not signed you in. If you have a share link, enter its token:':
    '主机前面的代理没有让您登录。如果您有共享链接，请输入其中的令牌：',
  'Wrong token or password.': '令牌或密码错误。',
  'The host does not respond.': '主机没有响应。',
  'The host does not accept this page. If a reverse proxy is in front of it, the proxy has to pass on the Host header (in nginx: proxy_set_header Host $http_host;). Otherwise open the address that the host printed.':
    '主机不接受此页面。如果主机前面有反向代理，代理必须原样传递 Host 头（nginx 中：proxy_set_header Host $http_host;）。否则，请打开主机显示的地址。',
  'Your access has ended.': '您的访问已结束。',
  'Your role may not exchange files.': '您的角色不能交换文件。',
  'There is no room left on the host.': '主机空间不足。',
  'The host takes too many files already.': '主机正在接收的文件过多。',
  'The host sends too many files already.': '主机正在发送的文件过多。',
  'The host cannot write the file.': '主机无法写入文件。',
  People: '用户',
  'Your name': '您的名字',
  'Unnamed viewer': '未命名用户',
  'Show the pointers of other viewers': '显示其他用户的指针',
  you: '您',
  watching: '观看中',
  'in control': '拥有控制权',
  'requesting control': '正在请求控制权',
  'Hand over': '移交',
  'Release control': '释放控制权',
  'Take control': '取得控制权',
  'Request control': '请求控制权',
  'Control requested': '已请求控制权',
  'You have control': '您已获得控制权',
  'The desktop’s keyboard has no key left for this character: paste the text': '桌面的键盘已没有空闲按键可输入此字符，请改用粘贴。',
  'The local user is using the desktop': '本地用户正在操作桌面',
  'You can use the desktop again': '您可以重新操作桌面',
  'All viewers can use the desktop again': '所有用户都可以重新操作桌面',
  '{name} has control': '{name} 拥有控制权',
  '{name} requests control': '{name} 请求控制权',
  Settings: '设置',
  Quality: '画质',
  Best: '最佳',
  Good: '良好',
  'Low bandwidth': '节省流量',
  Theme: '主题',
  'Same as the system': '跟随系统',
  Dark: '深色',
  Light: '浅色',
  Touch: '触控',
  'Direct touch': '直接触控',
  'Like a touchpad': '触摸板模式',
  'Cmd acts as Ctrl': 'Cmd 键作为 Ctrl',
  'Reset settings': '重置设置',
  'Desktop clipboard': '桌面剪贴板',
  'Image on the desktop clipboard': '桌面剪贴板中的图片',
  'Send to the desktop': '发送到桌面',
  'Copy to this device': '复制到本设备',
  'Too large for the clipboard: the limit is 8 MiB': '内容过大：剪贴板上限为 8 MiB',
  'The clipboard could not be sent': '无法发送剪贴板',
  'What was copied on the desktop is too large: the limit is 8 MiB': '桌面上复制的内容过大：上限为 8 MiB',
  'The program on the desktop does not hand over what was copied': '桌面上的程序未交出所复制的内容',
  'What was copied on the desktop is neither text nor an image': '桌面上复制的内容既不是文本也不是图片',
  'The program on the desktop did not take all of what was pasted': '桌面上的程序未接收全部粘贴内容',
  'The clipboard of the desktop is not available': '桌面剪贴板不可用',
  'The clipboard is being sent': '正在发送剪贴板',
  'The clipboard of the desktop could not be fetched': '无法获取桌面剪贴板',
  'The clipboard of the desktop was cleared. Yours may still have its content.': '桌面剪贴板已清空。您的剪贴板中可能仍有其内容。',
  'Your clipboard has neither text nor an image that the desktop could take': '您的剪贴板中没有桌面可接收的文本或图片',
  'This page is not served over HTTPS: the browser withholds the keyboard lock, automatic clipboard access (pasting and the panel work) and raw pointer motion.':
    '此页面未使用 HTTPS：浏览器不提供键盘锁定、剪贴板自动同步（仍可使用粘贴和剪贴板面板）以及指针的原始移动数据。',
  'Frame rate': '帧率',
  Bitrate: '码率',
  'Packet loss': '丢包率',
  'Round trip': '往返时间',
  'Jitter buffer': '抖动缓冲',
  Decoding: '解码',
  'Latency by stage': '各阶段延迟',
  'median (p95)': '中位数（p95）',
  Capture: '捕获',
  Convert: '转换',
  Encode: '编码',
  Packetize: '打包',
  Network: '网络',
  Buffering: '缓冲',
  Decode: '解码',
  Present: '呈现',
  'Total latency': '总延迟',
  Codec: '编解码器',
  Encoder: '编码器',
  Resolution: '分辨率',
  Route: '路径',
  direct: '直连',
  reflexive: '经 NAT',
  relayed: '经中继',
};

/** Translations of sentences with values in them. @type {[RegExp, string][]} */
const CHINESE_PATTERNS = [
  [/^The host takes files of (\d+) MiB at most\.$/, '主机最多接受 $1 MiB 的文件。'],
  [/^Too many failed attempts\. Wait (\d+) s, then try again\.$/, '失败次数过多。请等待 $1 秒后重试。'],
  [/^Too many failed attempts\. Wait (\d+) minutes, then try again\.$/, '失败次数过多。请等待 $1 分钟后重试。'],
  [/^The host refused the connection: (.*)$/, '主机拒绝了连接：$1'],
  [/^The host offers only (.*), which this browser cannot play(.*)\.$/, '主机只提供 $1，此浏览器无法播放$2。'],
  [/^This browser cannot play video from the host(.*)\.$/, '此浏览器无法播放主机的视频$1。'],
];

/**
 * Translates a text into the viewer's language.
 *
 * @param {string} text English
 * @param {Record<string, string | number>} [values] for the placeholders in braces
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
 * Translates the page: its texts, labels and titles.
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
