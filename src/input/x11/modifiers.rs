//! Which modifiers are on, and which bits of X11's state say so. Pure.

use xkeysym::key as k;

use super::keymap::Keymap;

/// The modifiers that decide what a key types.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Modifiers {
    /// Shift is held.
    pub(crate) shift: bool,
    /// CapsLock is on.
    pub(crate) caps_lock: bool,
    /// NumLock is on.
    pub(crate) num_lock: bool,
    /// AltGr is held.
    pub(crate) level3: bool,
    /// The layout in use, from 0.
    pub(crate) group: u8,
    /// Control or Super is held: what is pressed is a shortcut rather than text.
    pub(crate) shortcut: bool,
}

/// Which bits of the state carry the modifiers that have no bit of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ModifierBits {
    num_lock: u16,
    level3: u16,
    mode_switch: u16,
    super_: u16,
}

impl ModifierBits {
    /// Reads the reply to GetModifierMapping: eight groups (Shift, Lock, Control, Mod1 to Mod5) of
    /// `keycodes_per_modifier` keycodes each, 0 where there is none.
    pub(crate) fn new(keymap: &Keymap, keycodes_per_modifier: u8, keycodes: &[u8]) -> ModifierBits {
        let mut bits = ModifierBits::default();
        let groups = keycodes
            .chunks(usize::from(keycodes_per_modifier).max(1))
            .take(8)
            .enumerate();
        for (index, keycode) in groups.flat_map(|(index, group)| group.iter().map(move |code| (index, *code)))
        {
            let bit = 1 << index;
            for keysym in keymap.keysyms(keycode) {
                match *keysym {
                    k::Num_Lock => bits.num_lock |= bit,
                    k::ISO_Level3_Shift => bits.level3 |= bit,
                    k::Mode_switch => bits.mode_switch |= bit,
                    k::Super_L | k::Super_R => bits.super_ |= bit,
                    _ => {}
                }
            }
        }
        bits
    }

    /// The modifiers of a state or a pointer's mask.
    pub(crate) fn modifiers(&self, state: u16) -> Modifiers {
        // Servers with XKB put the group into bits 13 and 14. Mode_switch often shares its bit with AltGr, and then
        // the bit says nothing about the group.
        let group = ((state >> 13) & 0b11) as u8;
        let switched = state & self.mode_switch & !self.level3 != 0;
        Modifiers {
            shift: state & SHIFT != 0,
            caps_lock: state & LOCK != 0,
            num_lock: state & self.num_lock != 0,
            level3: state & self.level3 != 0,
            group: if switched { group.max(1) } else { group },
            shortcut: state & (CONTROL | self.super_) != 0,
        }
    }
}

const SHIFT: u16 = 1 << 0;
const LOCK: u16 = 1 << 1;
const CONTROL: u16 = 1 << 2;

#[cfg(test)]
mod tests {
    use super::*;

    /// Keycode 8 + n has the n-th keysym.
    fn bits(keysyms: &[u32], mapping: [u8; 8]) -> ModifierBits {
        ModifierBits::new(&Keymap::new(8, 1, keysyms.to_vec()), 1, &mapping)
    }

    #[test]
    fn modifiers_are_found_by_the_keys_that_carry_them() {
        let bits = bits(
            &[k::Num_Lock, k::ISO_Level3_Shift, k::Super_L],
            [0, 0, 0, 0, 8, 0, 10, 9], // Mod2, Mod4, Mod5
        );
        assert_eq!(bits.modifiers(0), Modifiers::default());
        let on = Modifiers {
            num_lock: true,
            level3: true,
            ..Default::default()
        };
        assert_eq!(bits.modifiers(0x10 | 0x80), on);
        assert!(bits.modifiers(0x40).shortcut);
        assert!(bits.modifiers(0x04).shortcut);
        assert!(bits.modifiers(0x02).caps_lock);
    }

    #[test]
    fn the_group_is_in_the_upper_bits() {
        assert_eq!(ModifierBits::default().modifiers(0x2001).group, 1);
        assert_eq!(ModifierBits::default().modifiers(0x6000).group, 3);
    }

    #[test]
    fn mode_switch_means_the_second_group_unless_altgr_has_the_same_bit() {
        let keysyms = [k::Mode_switch, k::ISO_Level3_Shift];
        let apart = bits(&keysyms, [0, 0, 0, 0, 0, 8, 0, 9]);
        assert_eq!(apart.modifiers(0x20).group, 1);
        let shared = ModifierBits::new(
            &Keymap::new(8, 1, keysyms.to_vec()),
            2,
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 9],
        );
        let state = shared.modifiers(0x80);
        assert!(state.level3 && state.group == 0);
    }
}
