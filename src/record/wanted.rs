use super::Head;

/// Tells by a record's head whether anybody asks for it. It may say so of more than need be.
pub type IsWanted = fn(&Head<'_>) -> bool;

/// How texts begin that were asked for: what begins alike is asked for without looking farther.
#[derive(Debug, Clone)]
pub(super) struct Wanted([Option<Beginning>; PLACES]);

impl Default for Wanted {
    fn default() -> Self {
        Self([None; PLACES])
    }
}

/// The level, and the first bytes of the text.
type Beginning = (u8, [u8; 16]);

const PLACES: usize = 64;

impl Wanted {
    /// Whether a record with this head is asked for.
    pub(super) fn has(&mut self, head: &Head<'_>, is_wanted: IsWanted) -> bool {
        let (Some(level), Some(&first)) = (head.level, head.text.first_chunk()) else {
            return is_wanted(head);
        };
        let beginning = Some((level as u8, first));
        let place = &mut self.0[place(first)];
        if *place == beginning {
            return true;
        }
        let is_one = is_wanted(head);
        if is_one {
            *place = beginning;
        }
        is_one
    }
}

/// What most messages differ in is how they go on behind their first word.
fn place(first: [u8; 16]) -> usize {
    let mixed = u128::from_le_bytes(first).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    (mixed >> 122) as usize
}
