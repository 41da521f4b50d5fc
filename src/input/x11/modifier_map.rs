//! From the bits of X11's state to modifiers. Pure.

use xkeysym::key as k;

use super::keymap::Keymap;
use super::modifiers::Modifiers;

/// The bits of the state that carry the modifiers without a bit of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ModifierMap {
    num_lock: u16,
    level3: u16,
    mode_switch: u16,
    super_: u16,
    alt: u16,
}

impl ModifierMap {
    /// Reads the reply to GetModifierMapping: eight groups (Shift, Lock, Control, Mod1 to Mod5) of
    /// `keycodes_per_modifier` keycodes each, 0 where there is none.
    pub(super) fn new(keymap: &Keymap, keycodes_per_modifier: u8, keycodes: &[u8]) -> ModifierMap {
        let mut bits = ModifierMap::default();
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
                    k::Alt_L | k::Alt_R => bits.alt |= bit,
                    _ => {}
                }
            }
        }
        bits
    }

    /// The modifiers of a state or a pointer's mask.
    pub(super) fn modifiers(&self, state: u16) -> Modifiers {
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
            alt: state & self.alt & !self.level3 != 0,
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
    fn bits(keysyms: &[u32], mapping: [u8; 8]) -> ModifierMap {
        ModifierMap::new(&Keymap::new(8, 1, keysyms.to_vec()), 1, &mapping)
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
        assert_eq!(ModifierMap::default().modifiers(0x2001).group, 1);
        assert_eq!(ModifierMap::default().modifiers(0x6000).group, 3);
    }

    #[test]
    fn mode_switch_means_the_second_group_unless_altgr_has_the_same_bit() {
        let keysyms = [k::Mode_switch, k::ISO_Level3_Shift];
        let apart = bits(&keysyms, [0, 0, 0, 0, 0, 8, 0, 9]);
        assert_eq!(apart.modifiers(0x20).group, 1);
        let shared = ModifierMap::new(
            &Keymap::new(8, 1, keysyms.to_vec()),
            2,
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 9],
        );
        let state = shared.modifiers(0x80);
        assert!(state.level3 && state.group == 0);
    }
}
