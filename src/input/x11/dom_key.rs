//! Named values of `KeyboardEvent.key` to keysyms.

use xkeysym::{RawKeysym, key as k};

/// The keysyms that mean the key named `name`, the usual one first. Empty for names that are not in the table and
/// for those that only a physical key can stand for ("Dead", "Process", "Unidentified").
pub(super) fn keysyms(name: &str) -> &'static [RawKeysym] {
    NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(&[], |(_, keysyms)| *keysyms)
}

/// The keysyms that mean the same key as `keysym`, itself included, the usual one first. Empty if it has a meaning
/// of its own.
pub(super) fn equivalents(keysym: RawKeysym) -> &'static [RawKeysym] {
    NAMES
        .iter()
        .find(|(_, keysyms)| keysyms.contains(&keysym))
        .map_or(&[], |(_, keysyms)| *keysyms)
}

const NAMES: &[(&str, &[RawKeysym])] = &[
    ("Enter", &[k::Return, k::KP_Enter, k::ISO_Enter]),
    ("Tab", &[k::Tab, k::ISO_Left_Tab, k::KP_Tab]),
    ("Backspace", &[k::BackSpace]),
    ("Escape", &[k::Escape]),
    ("Esc", &[k::Escape]),
    ("Delete", &[k::Delete, k::KP_Delete]),
    ("Del", &[k::Delete, k::KP_Delete]),
    ("Insert", &[k::Insert, k::KP_Insert]),
    ("Clear", &[k::Clear, k::KP_Begin]),
    ("ArrowUp", &[k::Up, k::KP_Up]),
    ("ArrowDown", &[k::Down, k::KP_Down]),
    ("ArrowLeft", &[k::Left, k::KP_Left]),
    ("ArrowRight", &[k::Right, k::KP_Right]),
    ("Home", &[k::Home, k::KP_Home]),
    ("End", &[k::End, k::KP_End]),
    ("PageUp", &[k::Prior, k::KP_Prior]),
    ("PageDown", &[k::Next, k::KP_Next]),
    ("Shift", &[k::Shift_L, k::Shift_R]),
    ("Control", &[k::Control_L, k::Control_R]),
    ("Alt", &[k::Alt_L, k::Alt_R]),
    ("AltGraph", &[k::ISO_Level3_Shift, k::Mode_switch]),
    ("Meta", &[k::Super_L, k::Super_R, k::Meta_L, k::Meta_R]),
    ("OS", &[k::Super_L, k::Super_R]),
    ("Super", &[k::Super_L, k::Super_R]),
    ("Hyper", &[k::Hyper_L, k::Hyper_R]),
    ("CapsLock", &[k::Caps_Lock]),
    ("NumLock", &[k::Num_Lock]),
    ("ScrollLock", &[k::Scroll_Lock]),
    ("F1", &[k::F1, k::KP_F1]),
    ("F2", &[k::F2, k::KP_F2]),
    ("F3", &[k::F3, k::KP_F3]),
    ("F4", &[k::F4, k::KP_F4]),
    ("F5", &[k::F5]),
    ("F6", &[k::F6]),
    ("F7", &[k::F7]),
    ("F8", &[k::F8]),
    ("F9", &[k::F9]),
    ("F10", &[k::F10]),
    ("F11", &[k::F11]),
    ("F12", &[k::F12]),
    ("F13", &[k::F13]),
    ("F14", &[k::F14]),
    ("F15", &[k::F15]),
    ("F16", &[k::F16]),
    ("F17", &[k::F17]),
    ("F18", &[k::F18]),
    ("F19", &[k::F19]),
    ("F20", &[k::F20]),
    ("F21", &[k::F21]),
    ("F22", &[k::F22]),
    ("F23", &[k::F23]),
    ("F24", &[k::F24]),
    ("PrintScreen", &[k::Print, k::Sys_Req]),
    ("Pause", &[k::Pause, k::Break]),
    ("ContextMenu", &[k::Menu]),
    ("Help", &[k::Help]),
    ("Undo", &[k::Undo]),
    ("Redo", &[k::Redo]),
    ("Find", &[k::Find]),
    ("Cancel", &[k::Cancel]),
    ("Execute", &[k::Execute]),
    ("Select", &[k::Select]),
    ("Copy", &[k::XF86_Copy]),
    ("Cut", &[k::XF86_Cut]),
    ("Paste", &[k::XF86_Paste]),
    ("Open", &[k::XF86_Open]),
    ("Convert", &[k::Henkan]),
    ("NonConvert", &[k::Muhenkan]),
    ("KanaMode", &[k::Hiragana_Katakana, k::Kana_Lock]),
    ("HiraganaKatakana", &[k::Hiragana_Katakana]),
    ("Hiragana", &[k::Hiragana]),
    ("Katakana", &[k::Katakana]),
    ("Romaji", &[k::Romaji]),
    ("Zenkaku", &[k::Zenkaku, k::Zenkaku_Hankaku]),
    ("Hankaku", &[k::Hankaku, k::Zenkaku_Hankaku]),
    ("ZenkakuHankaku", &[k::Zenkaku_Hankaku]),
    ("Eisu", &[k::Eisu_toggle]),
    ("Alphanumeric", &[k::Eisu_toggle]),
    ("HangulMode", &[k::Hangul]),
    ("HanjaMode", &[k::Hangul_Hanja]),
    ("AudioVolumeMute", &[k::XF86_AudioMute]),
    ("AudioVolumeDown", &[k::XF86_AudioLowerVolume]),
    ("AudioVolumeUp", &[k::XF86_AudioRaiseVolume]),
    ("MediaPlayPause", &[k::XF86_AudioPlay]),
    ("MediaPlay", &[k::XF86_AudioPlay]),
    ("MediaPause", &[k::XF86_AudioPause]),
    ("MediaStop", &[k::XF86_AudioStop]),
    ("MediaRecord", &[k::XF86_AudioRecord]),
    ("MediaRewind", &[k::XF86_AudioRewind]),
    ("MediaFastForward", &[k::XF86_AudioForward]),
    ("MediaTrackNext", &[k::XF86_AudioNext]),
    ("MediaTrackPrevious", &[k::XF86_AudioPrev]),
    ("BrowserBack", &[k::XF86_Back]),
    ("BrowserForward", &[k::XF86_Forward]),
    ("BrowserStop", &[k::XF86_Stop]),
    ("BrowserRefresh", &[k::XF86_Refresh]),
    ("BrowserHome", &[k::XF86_HomePage]),
    ("BrowserSearch", &[k::XF86_Search]),
    ("BrowserFavorites", &[k::XF86_Favorites]),
    ("LaunchMail", &[k::XF86_Mail]),
    ("LaunchApplication1", &[k::XF86_MyComputer]),
    ("LaunchApplication2", &[k::XF86_Calculator]),
    ("Eject", &[k::XF86_Eject]),
    ("BrightnessUp", &[k::XF86_MonBrightnessUp]),
    ("BrightnessDown", &[k::XF86_MonBrightnessDown]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_usual_keysym_first() {
        assert_eq!(keysyms("Enter").first(), Some(&0xff0d));
        assert_eq!(keysyms("AltGraph").first(), Some(&0xfe03));
        assert_eq!(keysyms("PageUp").first(), Some(&0xff55));
    }

    #[test]
    fn left_and_right_and_the_keypad_are_equivalent() {
        assert_eq!(equivalents(k::KP_Home), [k::Home, k::KP_Home]);
        assert_eq!(equivalents(k::Shift_R), [k::Shift_L, k::Shift_R]);
        assert_eq!(equivalents(k::Meta_L).first(), Some(&k::Super_L));
        assert!(equivalents(k::dead_acute).is_empty());
    }

    #[test]
    fn keys_without_a_keysym_of_their_own_have_none() {
        for name in ["Dead", "Process", "Unidentified", "", "a"] {
            assert!(keysyms(name).is_empty(), "{name}");
        }
    }
}
