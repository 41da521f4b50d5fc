// The characters of six keyboard layouts, from XKB: four levels (plain, Shift, AltGr, both), with a character for each
// of `CODES`, and a space for none and for dead keys.

export const CODES = [
  ...'Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal'.split(' '),
  ...'KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight'.split(' '),
  ...'KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote'.split(' '),
  ...'Backslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash'.split(' '),
  ...'IntlBackslash IntlRo IntlYen'.split(' '),
];

/** @type {Record<string, string[]>} */
export const LAYOUTS = {
  us: [
    "1234567890-=qwertyuiop[]asdfghjkl;'`\\zxcvbnm,./<",
    '!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"~|ZXCVBNM<>?>',
    '                                               |',
    '                                               ¦',
  ],
  de: [
    '1234567890ß qwertzuiopü+asdfghjklöä #yxcvbnm,.-<',
    '!"§$%&/()=? QWERTZUIOPÜ*ASDFGHJKLÖÄ°\'YXCVBNM;:_>',
    '¹²³¼½¬{[]}\\ @ſ€¶ŧ←↓→øþ ~æſðđŋħ ĸł  ′’»«¢„“”µ·…–|',
    '¡⅛£¤⅜⅝⅞™±°¿ Ω§€®Ŧ¥↑ıØÞ ¯ÆẞÐªŊĦ &Ł  ″ ›‹©‚‘’º×÷—',
  ],
  fr: [
    '&é"\'(-è_çà)=azertyuiop $qsdfghjklmù²*wxcvbn,;:!<',
    '1234567890°+AZERTYUIOP £QSDFGHJKLM%~µWXCVBN?./§>',
    '¹~#{[|`\\^@]}æ«€¶ŧ←↓→øþ ¤@ßðđŋħ ĸłµ ¬ ł»¢„“” •· |',
    '¡⅛£$⅜⅝⅞™±°¿ Æ<¢®Ŧ¥↑ıØÞ  ΩẞÐªŊĦ &Łº ¬ Ł>©‚‘’ ×÷ ¦',
  ],
  es: [
    "1234567890'¡qwertyuiop +asdfghjklñ ºçzxcvbnm,.-<",
    '!"·$%&/()=?¿QWERTYUIOP *ASDFGHJKLÑ ªÇZXCVBNM;:_>',
    '|@#~½¬{[]}\\ @ſ€¶ŧ←↓→øþ[]æßðđŋħ ĸł {\\}«»¢„“”µ•· |',
    '¡⅛£$⅜⅝⅞™±°¿ Ω§¢®Ŧ¥↑ıØÞ  ÆẞÐªŊĦ &Ł  \\ <>©‚‘’º×÷ ¦',
  ],
  ru: [
    '1234567890-=йцукенгшщзхъфывапролджэё\\ячсмитьбю./',
    '!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЁ/ЯЧСМИТЬБЮ,|',
    '       ₽                                       |',
    '                                               ¦',
  ],
  jp: [
    '1234567890-^qwertyuiop@[asdfghjkl;: ]zxcvbnm,./<\\\\',
    '!"#$%&\'() =~QWERTYUIOP`{ASDFGHJKL+* }ZXCVBNM<>?>_|',
    '                                               |',
    '                                               ¦',
  ],
};
