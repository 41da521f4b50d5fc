import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Login } from '../../src/web/client/connection/login.js';
import { t } from '../../src/web/client/ui/strings.js';

const CLIENT = new URL('../../src/web/client/', import.meta.url);
const ENGLISH_TOO = new Set(['deskbeam']);

test('every text of the page and of its modules has a translation', async () => {
  const page = await readFile(new URL('index.html', CLIENT), 'utf8');
  const texts = [
    ...[...page.matchAll(/data-t[^>]*>([^<]+)</g)].map(([, text]) => text),
    ...[...page.matchAll(/(?:aria-label|title|alt)="([^"]+)"/g)].map(([, text]) => text),
  ];
  for (const name of ['controls.js', 'clipboard-panel.js', 'overlay.js', 'stats-panel.js', 'fullscreen.js', 'pointer-capture.js', 'remote-cursors.js', 'people-panel.js', 'files-panel.js', 'views-panel.js']) {
    const source = await readFile(new URL(`ui/${name}`, CLIENT), 'utf8');
    texts.push(...[...source.matchAll(/\bt\('([^']+)'/g)].map(([, text]) => text));
  }
  const clipboard = await readFile(new URL('input/clipboard.js', CLIENT), 'utf8');
  texts.push(...[...clipboard.matchAll(/^export const \w+ = '([^']+)';$/gm)].map(([, text]) => text));
  const overlay = await readFile(new URL('ui/overlay.js', CLIENT), 'utf8');
  texts.push(...[...overlay.matchAll(/^ {2}'([^']+)': '([^']+)',$/gm)].flatMap(([, reason, remedy]) => [reason, remedy]));
  const signIn = await readFile(new URL('ui/sign-in.js', CLIENT), 'utf8');
  texts.push(...[...signIn.matchAll(/^ {2}\w+: '([^']+)',$/gm)].map(([, text]) => text));
  const refused = [[401], [403], [429, { 'retry-after': '8' }], [429, { 'retry-after': '899' }]];
  for (const [status, headers] of refused) {
    const login = new Login('http://desk/', async () => new Response('', { status, headers }));
    texts.push((await login.signIn('x')).reason);
  }
  assert.ok(texts.length > 40);
  for (const text of texts.filter((each) => !ENGLISH_TOO.has(each))) {
    assert.notEqual(t(text, {}, 'zh-CN'), text, `no translation of “${text}”`);
  }
});

test('placeholders are filled in, and English stays as it is', () => {
  assert.equal(t('Retrying in {seconds} s', { seconds: 3 }, 'en-GB'), 'Retrying in 3 s');
  assert.equal(t('Retrying in {seconds} s', { seconds: 3 }, 'zh-CN'), '3 秒后重试');
  assert.equal(t('The host refused the connection: no.', {}, 'zh'), '主机拒绝了连接：no.');
  assert.equal(t('Something new.', {}, 'zh'), 'Something new.');
});
